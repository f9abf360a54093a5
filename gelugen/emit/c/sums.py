"""What is done with the sum of a design's terms in C: constants put together, shifts of what may be negative."""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.design import Design
from gelugen.emit.layout import Layout
from gelugen.emit.signals import ranges
from gelugen.pipeline import Range


def guarded(layout: Layout, u: Range) -> bool:
    """Whether some u lies outside all segments of a term."""
    return (layout.offset is not None and layout.ends) or u.high >= layout.end or layout.first > 0


@dataclass(frozen=True)
class Sum:
    """From the terms to the code before it is saturated.

    Of a single term the constants of the sum are part of its c_0. Where some u have no segment, what the sum is there
    stands ahead of the term, so that the term alone adds what differs.

    Attributes:
        alone: whether there is one term, which the constants can be a part of: no offset table.
        ahead: whether its value is added to what there is outside all segments.
        constant: what is added to the terms before the shift.
        outside: what there is outside all segments, in the output's units; 0 if nothing is ahead.
        offset: what is added after all.
        negative: whether the sum can be negative where it is shifted.
        drops: whether the line less the sum can be negative where it is shifted.
        reach: of the sum with its constant.
    """

    alone: bool
    ahead: bool
    constant: int
    outside: int
    offset: int
    negative: bool
    drops: bool
    reach: Range

    @classmethod
    def of(cls, design: Design) -> Sum:
        """The sum of a design."""
        reach, layouts = ranges(design), Layout.all(design)
        alone = len(layouts) == 1 and layouts[0].offset is None
        ahead = alone and guarded(layouts[0], reach["u"])
        constant = outside = offset = 0
        residual, turns = design.fold == "residual", design.turns
        if turns:
            offset = design.offset
        else:
            constant = design.offset << design.shift
            if residual:
                constant = -(constant << design.line_drop)
        constant += design.bias
        if ahead:
            outside = constant >> design.shift
            constant -= outside << design.shift
        move = constant - design.bias
        held = Range(reach["v"].low + move, reach["v"].high + move)
        if residual and design.line_drop:
            more = design.offset << design.line_drop
            drops = reach["rest"].low + more < 0
        else:
            drops = False
        return cls(alone, ahead, constant, outside, offset, held.low < 0, drops, held)
