"""What the templates of both languages are mutated for: small hand-made designs, rendered so that a text may change."""

import contextlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mutation import mutated

from gelugen import schedule
from gelugen.accuracy import Accuracy
from gelugen.design import Breakpoints, Coefficient, Design, Dyadic, Offset, Term, Uniform
from gelugen.emit import c, verilog, writing
from gelugen.emit.c import header
from gelugen.emit.contract import Contract
from gelugen.emit.rendering import environment
from gelugen.formats import Format
from gelugen.functions import Fold
from gelugen.pipeline import levels
from gelugen.spec import Spec, Target

TEMPLATES = {"verilog": "verilog/module.v.j2", "c": "c/function.j2"}
OUTER = {"verilog": "verilog/module.v.j2", "c": "c/header.h.j2"}
SUFFIX = {"verilog": "v", "c": "h"}

# -- the corpus: hand-made designs of 4 to 6 bits, which approximate nothing ---------------------------------


def form(bits: int, signed: bool = True, zero_point: int = 0) -> Format:
    return Format(bits, signed, 1.0, zero_point)


def drawn(seed: int, width: int, signed: bool, depth: int, drop: int = 0, base: int = 0) -> Coefficient:
    """A column of random values, both extremes among them and none of them 0 at the end."""
    rng = random.Random(seed)  # noqa: S311 - test data
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    values = [rng.randint(low, high) for _ in range(depth)]
    first, second = rng.sample(range(max(depth, 2)), 2)
    for at, value in ((first, low), (second, high)):
        values[at % depth] = value
    values[-1] = values[-1] or high
    return Coefficient(tuple(values), width, signed, drop, base)


def shared(base: int, depth: int, drop: int = 0) -> Coefficient:
    """A column that stores nothing."""
    return Coefficient((0,) * depth, 0, False, drop, base)


def made(input: Format, output: Format, *terms: Term, fold: Fold = "none", **numbers: int) -> Design:
    spec = Spec("gelu", input, output, "ulp:60000")
    return Design(spec, "table", fold, terms, **numbers)


@dataclass(frozen=True)
class Entry:
    """A design of the corpus, and how it is written. ``in_memory``: its tables are read from files."""

    design: Design
    in_memory: bool = False
    written: Mapping[str, Any] = field(default_factory=dict)

    def target(self, name: str) -> Target:
        return Target(name, **self.written)


def entry(design: Design, in_memory: bool = False, **written: Any) -> Entry:
    return Entry(design, in_memory, written)


CORPUS = {
    "residual_line": Entry(
        made(
            *(form(5, zero_point=-3), form(5)),
            Term(Uniform(2), (drawn(1, 6, True, 3), drawn(2, 4, True, 3))),
            fold="residual",
            bias=3,
            shift=2,
            line_shift=2,
            line_drop=1,
            offset=-5,
        )
    ),
    "residual_line_of_ones": Entry(
        made(
            *(form(5), form(5)),
            Term(Uniform(2), (drawn(140, 6, True, 4), drawn(141, 4, True, 4))),
            fold="residual",
            bias=3,
            shift=2,
            first=-1,
        )
    ),
    "residual_line_up": Entry(
        made(
            *(form(5, zero_point=6), form(6)),
            Term(Uniform(1), (drawn(3, 5, False, 5, 1), drawn(4, 3, False, 5, 2))),
            fold="residual",
            bias=-7,
            shift=1,
            line_shift=1,
            line_drop=2,
            offset=7,
        )
    ),
    "residual_table": Entry(made(form(4), form(5), Term(Uniform(0), (drawn(5, 3, False, 5),)), fold="residual")),
    "residual_in_memory": Entry(
        made(form(5), form(6), Term(Uniform(0), (drawn(6, 4, True, 8),)), fold="residual", offset=2), in_memory=True
    ),
    "residual_in_memory_5": Entry(
        made(form(5), form(6), Term(Uniform(1), (drawn(7, 4, True, 5), drawn(8, 3, True, 5))), fold="residual"),
        in_memory=True,
    ),
    "residual_unsigned": Entry(
        made(
            *(form(4, False), form(4, False)),
            Term(Uniform(1), (drawn(9, 4, True, 8), drawn(10, 3, True, 8))),
            fold="residual",
            line_shift=1,
            line_drop=1,
        )
    ),
    "residual_unsigned_zero_point": Entry(
        made(
            *(form(5, False, 9), form(5, False, 4)),
            Term(Uniform(0), (drawn(11, 4, True, 11, 1),)),
            Term(Uniform(3), (drawn(12, 3, True, 2), drawn(13, 2, True, 2))),
            fold="residual",
            bias=-2,
            shift=1,
            offset=4,
        )
    ),
    "residual_lowest_zero_point": Entry(
        made(form(4, zero_point=-8), form(6), Term(Uniform(0), (drawn(47, 3, True, 12),)), fold="residual")
    ),
    "residual_highest_zero_point": Entry(
        made(form(4, zero_point=7), form(6), Term(Uniform(1), (drawn(48, 5, True, 7),)), fold="residual", line_shift=1)
    ),
    "relu": Entry(made(form(5, zero_point=2), form(4), fold="residual")),
    "residual_plain_unsigned": Entry(
        made(form(4, False), form(6), Term(Uniform(0), (drawn(44, 4, True, 16),)), fold="residual", bias=3)
    ),
    "residual_clamped": Entry(made(form(4), form(4), Term(Uniform(0), (drawn(45, 5, True, 9),)), fold="residual")),
    "residual_offset": Entry(
        made(form(4), form(6), Term(Uniform(0), (drawn(46, 5, False, 9),)), fold="residual", offset=20)
    ),
    "relu_unsigned": Entry(made(form(4, False), form(6), fold="residual", line_shift=1, offset=-9)),
    "constant": Entry(made(form(4), form(5), bias=-7)),
    "constant_clamped": Entry(made(form(4, False), form(4), bias=25, shift=1)),
    "plain": Entry(made(form(4), form(5), Term(Uniform(0), (drawn(14, 5, True, 16),)))),
    "plain_unsigned_dropped": Entry(
        made(form(4, False), form(5, False), Term(Uniform(0), (drawn(15, 3, False, 16, 2),)))
    ),
    "plain_signed_short": Entry(made(form(4), form(6), Term(Uniform(1), (drawn(16, 4, True, 6),)))),
    "plain_in_memory": Entry(made(form(4), form(5), Term(Uniform(0), (drawn(17, 5, True, 16),))), in_memory=True),
    "plain_in_memory_short": Entry(
        made(form(4), form(5, False), Term(Uniform(0), (drawn(18, 5, False, 11),))), in_memory=True
    ),
    "plain_from_the_smallest": Entry(made(form(4), form(5), Term(Uniform(0), (drawn(87, 5, True, 16),)), first=-8)),
    "line_from_the_smallest": Entry(
        made(
            *(form(5), form(6)),
            Term(Uniform(2), (drawn(88, 6, True, 7), drawn(89, 4, True, 7))),
            bias=4,
            shift=1,
            first=-16,
        )
    ),
    "line": Entry(
        made(form(5), form(5), Term(Uniform(2), (drawn(19, 7, True, 8), drawn(20, 4, True, 8))), bias=-6, shift=2),
    ),
    "line_of_one_code": Entry(
        made(form(4), form(6), Term(Uniform(0), (drawn(21, 4, True, 12), drawn(22, 3, True, 12))), bias=5),
    ),
    "quadratic": Entry(
        made(
            *(form(6), form(6)),
            Term(Uniform(3), (drawn(23, 8, True, 8, 1), drawn(24, 5, True, 8), drawn(25, 3, True, 8, 1))),
            bias=9,
            shift=4,
        )
    ),
    "cubic_unsigned": Entry(
        made(
            *(form(5, False), form(6)),
            Term(
                Uniform(2),
                (drawn(26, 6, False, 7), drawn(27, 4, True, 7, 1), drawn(28, 3, True, 7), drawn(29, 2, True, 7)),
            ),
            shift=3,
        )
    ),
    "two_terms": Entry(
        made(
            *(form(5), form(6)),
            Term(Uniform(3), (drawn(30, 5, True, 4), drawn(31, 3, True, 4, 1), drawn(32, 2, True, 4))),
            Term(Uniform(1), (drawn(33, 5, True, 16, 2),)),
            bias=-11,
            shift=1,
        )
    ),
    "two_terms_in_memory": Entry(
        made(
            *(form(5), form(6, False)),
            Term(Uniform(2), (drawn(34, 4, False, 8, 1), drawn(35, 3, False, 8))),
            Term(Uniform(1), (drawn(36, 4, False, 13),)),
            bias=14,
        ),
        in_memory=True,
    ),
    "clamp_low": Entry(made(form(4), form(4, False), Term(Uniform(0), (drawn(37, 5, True, 16),)), shift=1)),
    "clamp_low_signed": Entry(made(form(4), form(4), Term(Uniform(0), (drawn(38, 4, True, 16),)), bias=-3)),
    "clamp_high": Entry(made(form(4), form(4), Term(Uniform(0), (drawn(39, 4, True, 16),)), bias=3)),
    "clamp_both": Entry(made(form(5), form(4), Term(Uniform(1), (drawn(40, 6, True, 16),)), shift=1)),
    "dyadic_cubic": Entry(
        made(
            *(form(6), form(6)),
            Term(
                Dyadic((2, 1, 1, 3, 4)),
                (drawn(50, 5, False, 5, 1), drawn(51, 5, True, 5), drawn(52, 4, True, 5), drawn(53, 3, True, 5)),
                (1, 2, 3),
            ),
            fold="residual",
            bias=-9,
            shift=3,
        )
    ),
    "dyadic_cut_short": Entry(
        made(form(5), form(6), Term(Dyadic((1, 1, 2, 3, 4)), (drawn(54, 4, True, 3), drawn(55, 3, True, 3))), bias=3)
    ),
    "dyadic_words": Entry(made(form(5), form(5), Term(Dyadic((3, 1, 1, 2, 3, 3)), (drawn(56, 5, True, 6),)))),
    "dyadic_ten_leaves": Entry(
        made(
            *(form(6), form(6)),
            Term(
                Dyadic((2, 1, 0, 0, 3, 1, 1, 1, 1, 3)),
                (drawn(57, 6, True, 10), drawn(58, 3, True, 10, 1)),
                (1,),
            ),
            fold="residual",
            shift=1,
        )
    ),
    "dyadic_equal_leaves": Entry(
        made(
            *(form(5), form(6)),
            Term(Dyadic((4, 4)), (shared(3, 2), shared(0, 2), shared(1, 2))),
            shift=2,
        )
    ),
    "dyadic_one_leaf": Entry(
        made(form(5), form(6), Term(Dyadic((3, 3, 4)), (drawn(59, 5, True, 1), drawn(60, 3, True, 1))), fold="even")
    ),
    "points": Entry(
        made(
            *(form(5), form(6)),
            Term(
                Breakpoints((0, 3, 4, 9, 14)),
                (drawn(61, 6, True, 4), drawn(62, 4, True, 4), drawn(63, 3, True, 4)),
                (0, 2),
            ),
            fold="odd",
            bias=1,
            shift=1,
        )
    ),
    "points_to_the_end": Entry(
        made(
            *(form(5), form(6)),
            Term(Breakpoints((0, 5, 11, 32)), (drawn(64, 5, True, 3), drawn(65, 3, False, 3, 2)), (1,)),
            shift=1,
        )
    ),
    "points_from_the_middle": Entry(
        made(
            *(form(5), form(6)),
            Term(Breakpoints((7, 16, 32)), (drawn(66, 5, True, 2, 0, -9), drawn(67, 3, True, 2, 1, 5)), (2,)),
            bias=-3,
        )
    ),
    "ten_points": Entry(
        made(
            *(form(6), form(6)),
            Term(Breakpoints((2, 4, 5, 8, 11, 13, 20, 24, 27, 30, 31)), (drawn(68, 6, True, 10),)),
            fold="complement",
            one=11,
            offset=-4,
        )
    ),
    "one_segment": Entry(
        made(
            *(form(5), form(6)),
            Term(Breakpoints((3, 12)), (shared(5, 1, 1), shared(-2, 1))),
            fold="complement",
            one=-7,
        )
    ),
    "whole_range": Entry(
        made(
            form(5), form(6), Term(Breakpoints((0, 32)), (shared(-9, 1), drawn(69, 3, True, 1), shared(1, 1))), shift=3
        )
    ),
    "tail": Entry(
        made(
            *(form(5), form(6)),
            Term(Uniform(2), (drawn(70, 5, True, 3, 1, 3), drawn(71, 3, True, 3, 0, 2))),
            Term(Breakpoints((5, 14)), (shared(3, 1, 2),)),
            Term(Breakpoints((12, 16)), (shared(-5, 1),)),
            fold="residual",
            line_shift=1,
            bias=2,
            shift=1,
        )
    ),
    "tail_to_the_end": Entry(made(form(5), form(6), Term(Breakpoints((20, 32)), (shared(7, 1),)), bias=-2)),
    "based_everywhere": Entry(
        made(
            *(form(5), form(6)),
            Term(
                Uniform(3),
                (drawn(72, 3, False, 4, 1, 2), drawn(73, 3, True, 4, 0, -6), drawn(74, 2, True, 4, 1, 1)),
                (0, 3),
            ),
        )
    ),
    "based_alone": Entry(made(form(4), form(6), Term(Uniform(1), (drawn(75, 4, True, 8, 0, 17),)))),
    "offsets": Entry(
        made(
            *(form(6), form(6)),
            Term(Uniform(3), (drawn(76, 5, True, 6),)),
            Term(Offset(3, 1, 2), (drawn(77, 3, False, 12),)),
            Term(Offset(4, 0, 1), (drawn(78, 2, True, 4, 1),)),
            fold="residual",
            bias=1,
            shift=1,
        )
    ),
    "offsets_of_three_bits": Entry(
        made(
            form(6),
            form(6),
            Term(Offset(5, 2, 3), (drawn(79, 4, False, 8),)),
            Term(Offset(6, 0, 4), (drawn(80, 3, True, 7),)),
        )
    ),
    "offsets_in_memory": Entry(
        made(form(5), form(6), Term(Offset(3, 0, 3), (drawn(81, 4, False, 13),)), fold="odd", bias=-1), in_memory=True
    ),
    "offset_alone": Entry(made(form(4), form(6), Term(Offset(2, 0, 2), (drawn(82, 4, True, 8),)))),
    "based_in_memory": Entry(
        made(form(5), form(6), Term(Uniform(1), (drawn(83, 4, False, 11, 1, -5),)), fold="even", offset=6),
        in_memory=True,
    ),
    "odd": Entry(
        made(form(5, zero_point=3), form(5), Term(Uniform(0), (drawn(84, 5, True, 20),)), fold="odd", offset=2)
    ),
    "odd_constant": Entry(made(form(5), form(5), fold="odd", bias=9, shift=1)),
    "odd_unsigned": Entry(
        made(form(4, False), form(5), Term(Uniform(1), (drawn(85, 4, True, 8),)), fold="odd", offset=3)
    ),
    "complement": Entry(
        made(
            *(form(5, False, 12), form(6, False, 20)),
            Term(Uniform(2), (drawn(86, 5, True, 5), drawn(87, 3, True, 5))),
            fold="complement",
            one=13,
            offset=20,
            shift=1,
        )
    ),
    "even": Entry(made(form(5, zero_point=-2), form(4), Term(Uniform(1), (drawn(88, 5, True, 9),)), fold="even")),
    "even_constant": Entry(made(form(5), form(5), fold="even", bias=9, offset=-3)),
    "tail_above": Entry(made(form(5), form(6), Term(Breakpoints((20, 25)), (shared(7, 1),)), bias=-2)),
    "dyadic_based": Entry(
        made(form(5), form(6), Term(Dyadic((2, 2, 3, 4)), (drawn(89, 4, True, 3, 0, -5), drawn(90, 3, False, 3, 1, 2))))
    ),
    "shared_line": Entry(made(form(5), form(6), Term(Uniform(1), (shared(-8, 16), shared(-1, 16))))),
    "complement_table": Entry(
        made(form(5), form(6), Term(Uniform(2), (Coefficient((3, 9, 12, 1, 5), 5, True),)), fold="complement", one=12)
    ),
    "wide": Entry(
        made(
            *(form(4), form(6)),
            Term(Uniform(1), (drawn(41, 32, False, 8), drawn(42, 32, False, 8, 4), drawn(43, 32, False, 8, 3))),
            shift=30,
        )
    ),
}
"""As their designs are written by default."""

LINE = made(
    *(form(5, zero_point=-3), form(5)),
    Term(Uniform(2), (drawn(91, 6, True, 3), drawn(92, 4, True, 3))),
    fold="residual",
    bias=3,
    shift=2,
    line_shift=2,
    line_drop=1,
    offset=-5,
)
SPLIT = made(
    *(form(5), form(6)),
    Term(
        Dyadic((2, 1, 1, 3, 4)),
        (drawn(93, 5, False, 4, 1), drawn(94, 5, True, 4), drawn(95, 3, True, 4)),
        (1, 2),
    ),
    bias=-9,
    shift=2,
)
POINTS = made(
    *(form(5), form(6)),
    Term(Breakpoints((3, 7, 16, 30)), (drawn(96, 5, True, 3, 0, -9), drawn(97, 3, True, 3, 1, 5)), (2,)),
    bias=-3,
)
OFFSETS = made(
    *(form(6), form(6)),
    Term(Uniform(3), (drawn(98, 5, True, 6),)),
    Term(Offset(3, 1, 2), (drawn(99, 3, False, 12),)),
    Term(Offset(4, 0, 1), (drawn(100, 2, True, 4, 1),)),
    fold="residual",
    bias=1,
    shift=1,
)
FIVE = made(
    *(form(5), form(6)),
    Term(Uniform(3), (drawn(101, 5, True, 4, 1),)),
    Term(Uniform(2), (drawn(102, 3, False, 5, 2),)),
    Term(Uniform(1), (drawn(103, 4, True, 16), drawn(104, 2, True, 16))),
    Term(Breakpoints((4, 11)), (shared(-6, 1),)),
    Term(Uniform(0), (drawn(105, 2, True, 32, 1),)),
    bias=-4,
    shift=1,
)
SIX = made(
    *(form(5), form(5)),
    *(Term(Uniform(number % 4), (drawn(106 + number, 3, number % 2 > 0, 4, number // 2),)) for number in range(6)),
    fold="odd",
)
PLAIN = made(form(4), form(5), Term(Uniform(0), (drawn(112, 5, True, 16),)))
SHORT = made(form(4), form(6), Term(Uniform(0), (drawn(113, 4, True, 6), drawn(114, 3, False, 6))), fold="odd")


def deepest(design: Design, writable: bool = False) -> int:
    """The most registers that a design takes."""
    return schedule.deepest(levels(design, writable))


CORPUS |= {
    "block_plain": entry(PLAIN, rom="block"),
    "block_padded": entry(
        made(form(4), form(5, False), Term(Uniform(0), (drawn(115, 5, False, 11),))), rom="block", pipeline=2
    ),
    "block_short": entry(SHORT, rom="block"),
    "block_line": entry(LINE, rom="block"),
    "block_based": entry(
        made(form(5), form(6), Term(Uniform(1), (drawn(116, 4, False, 11, 1, -5),)), fold="even", offset=6),
        rom="block",
    ),
    "block_of_one_word": entry(
        made(form(5), form(6), Term(Breakpoints((3, 12)), (drawn(117, 4, True, 1), drawn(118, 3, True, 1)))),
        rom="block",
    ),
    "block_split": entry(SPLIT, rom="block"),
    "block_split_words": entry(
        made(form(5), form(5), Term(Dyadic((3, 1, 1, 2, 3, 3)), (drawn(119, 5, True, 6),))), rom="block", pipeline=1
    ),
    "block_points": entry(POINTS, rom="block"),
    "block_points_to_the_end": entry(
        made(
            *(form(5), form(6)),
            Term(Breakpoints((0, 5, 11, 32)), (drawn(120, 5, True, 3), drawn(121, 3, False, 3, 2)), (1,)),
            shift=1,
        ),
        rom="block",
    ),
    "block_points_from_the_middle": entry(
        made(form(5), form(6), Term(Breakpoints((7, 16, 32)), (drawn(122, 5, True, 2), drawn(123, 3, True, 2)))),
        rom="block",
    ),
    "block_offsets": entry(OFFSETS, rom="block"),
    "logic_line": entry(LINE, rom="logic"),
    "logic_split": entry(SPLIT, rom="logic"),
    "lanes_2": entry(SPLIT, lanes=2),
    "lanes_3": entry(LINE, lanes=3, pipeline=2),
    "lanes_2_block": entry(OFFSETS, lanes=2, rom="block"),
    "lanes_3_in_memory": entry(PLAIN, True, lanes=3),
    "lanes_5_written": entry(SHORT, lanes=5, writable=True),
    "written_plain": entry(PLAIN, writable=True),
    "written_short": entry(SHORT, writable=True),
    "written_line": entry(LINE, writable=True, pipeline=deepest(LINE, True)),
    "written_line_clamped": entry(
        made(form(4, False), form(4), Term(Uniform(1), (drawn(124, 5, True, 8), drawn(125, 3, True, 8)))), writable=True
    ),
    "written_split": entry(SPLIT, writable=True, pipeline=2),
    "written_one_word": entry(
        made(form(5), form(6), Term(Breakpoints((3, 12)), (Coefficient((3,), 4, True), Coefficient((-2,), 3, True)))),
        writable=True,
    ),
    "written_terms": entry(
        made(
            *(form(5), form(6)),
            Term(Uniform(3), (drawn(128, 5, True, 4, 1),)),
            Term(Breakpoints((4, 11)), (drawn(129, 3, True, 1),)),
            Term(Breakpoints((4, 20)), (shared(-6, 1),)),
            Term(Uniform(1), (drawn(130, 4, True, 16), drawn(131, 2, True, 16))),
            fold="complement",
            one=9,
            shift=1,
        ),
        writable=True,
    ),
    "written_offsets": entry(OFFSETS, writable=True, rom="block"),
    "written_in_memory": entry(SHORT, True, writable=True),
    "combinational_line": entry(LINE, pipeline=0),
    "combinational_split": entry(SPLIT, pipeline=0),
    "combinational_points": entry(POINTS, pipeline=0, lanes=2),
    "combinational_offsets": entry(OFFSETS, pipeline=0),
    "combinational_plain": entry(PLAIN, pipeline=0, stream=True),
    "combinational_short": entry(SHORT, pipeline=0),
    "combinational_five": entry(FIVE, pipeline=0),
    "combinational_clamped": entry(
        made(form(5), form(4), Term(Uniform(1), (drawn(132, 6, True, 16),)), shift=1), pipeline=0
    ),
    "combinational_clamped_low": entry(
        made(form(4), form(4, False), Term(Uniform(0), (drawn(133, 5, True, 16),)), shift=1), pipeline=0
    ),
    "combinational_clamped_high": entry(
        made(form(4), form(4), Term(Uniform(0), (drawn(134, 4, True, 16),)), bias=3), pipeline=0
    ),
    "one_register": entry(LINE, pipeline=1),
    "one_register_five": entry(FIVE, pipeline=1, stream=True),
    "deepest_line": entry(LINE, pipeline=deepest(LINE)),
    "deepest_split": entry(SPLIT, pipeline=deepest(SPLIT), stream=True),
    "deepest_points": entry(POINTS, pipeline=deepest(POINTS), stream=True, lanes=2),
    "deepest_offsets": entry(OFFSETS, pipeline=deepest(OFFSETS), stream=True, rom="block"),
    "deepest_five": entry(FIVE, pipeline=deepest(FIVE), stream=True),
    "deepest_short_written": entry(SHORT, pipeline=deepest(SHORT, True), stream=True, writable=True),
    "five": entry(FIVE),
    "six": entry(SIX),
    "deepest_six": entry(SIX, pipeline=deepest(SIX)),
    **{
        f"{name}_{style}": entry(design, style=style, **written)
        for style in ("xc7", "ice40")
        for name, design, written in (
            ("line", LINE, {}),
            ("offsets", OFFSETS, {"pipeline": 0}),
            ("odd", SHORT, {"pipeline": 1}),
            ("six", SIX, {"lanes": 2}),
        )
    },
}
"""And as a target says."""


@dataclass(frozen=True)
class Rendered:
    """A design's files, and the context of each template, with which a mutant is rendered."""

    name: str
    entry: Entry
    files: Mapping[str, str]
    contexts: Mapping[str, Mapping[str, Any]]

    def file(self, language: str) -> str:
        return f"{self.name}.{SUFFIX[language]}"

    def with_template(self, language: str, source: str, inner: str = "", **more: Any) -> str:
        """The module's or the header's text with another text for one of its templates, and more for its context."""
        with memory_rule(self.entry):
            outer = OUTER[language]
            return str(mutated(outer, inner or TEMPLATES[language], source).render({**self.contexts[outer], **more}))

    def write(self, folder: Path, **changed: str) -> Path:
        """The files in a folder; ``verilog="..."`` or ``c="..."`` replaces the module's or the header's text."""
        folder.mkdir(exist_ok=True)
        texts = {**self.files, **{self.file(language): text for language, text in changed.items()}}
        for name, text in texts.items():
            (folder / name).write_text(text)
        return folder


@contextlib.contextmanager
def memory_rule(entry: Entry) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if entry.in_memory:
            patch.setattr(writing, "LARGEST_SOURCE", 1)
        yield


def rendered(name: str, entry: Entry) -> Rendered:
    """Emit a design below its guarantee, and keep what the templates were given."""
    contexts: dict[str, Mapping[str, Any]] = {}

    def render(template: str, **context: Any) -> str:
        contexts[template] = context
        return environment().get_template(template).render(context)

    contract = Contract(Accuracy(0, 0, 0, 0, 0, None), (("design", "made by hand for a test"),))
    with memory_rule(entry), pytest.MonkeyPatch.context() as patch:
        files: dict[str, str] = {}
        for emitter, module in ((c, header), (verilog, verilog)):
            patch.setattr(module, "render", render)
            files |= emitter.files(entry.design, entry.target(name), contract)
    return Rendered(name, entry, files, contexts)
