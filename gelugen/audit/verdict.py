"""What is claimed of a table, what is found, and the verdict: for people a sentence, for scripts fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from gelugen.aims import Guarantee
from gelugen.audit.measuring import TIES, Measured
from gelugen.audit.reading import Table
from gelugen.audit.scales import Nice
from gelugen.audit.search import Given
from gelugen.audit.views import ORDERS
from gelugen.dialects.choice import EXACT
from gelugen.errors import GelugenError, short
from gelugen.formats import Format
from gelugen.functions import get_function

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Claim:
    """What somebody says a table is; each part may be left open.

    Attributes:
        function: in the notation of the catalogue.
        input, output: the formats.
        guarantee: correct unless given.
        ties: where halves go; any rule will do unless given.
        order: one of ``views.ORDERS``; any will do unless given.
        dialect: a runtime whose codes it holds; then function and formats must be given.
    """

    function: str | None = None
    input: Format | None = None
    output: Format | None = None
    guarantee: Guarantee | None = None
    ties: str | None = None
    order: str | None = None
    dialect: str = EXACT

    def __post_init__(self) -> None:
        if self.function is not None:
            object.__setattr__(self, "function", get_function(self.function).name)
        if self.ties is not None and self.ties not in TIES:
            raise GelugenError(f"ties {short(self.ties)} is not known: it must be one of {', '.join(TIES)}")
        if self.order is not None and self.order not in ORDERS:
            raise GelugenError(f"order {short(self.order)} is not known: it must be one of {', '.join(ORDERS)}")
        if self.dialect != EXACT and None in (self.function, self.input, self.output):
            raise GelugenError(f"dialect {self.dialect} is given without function, input and output: give all three")

    @property
    def given(self) -> Given:
        """What the search need not search."""
        return Given(self.function, self.input, self.output, self.order)

    @property
    def anything(self) -> bool:
        """Whether anything is claimed at all."""
        return self != Claim()

    def __str__(self) -> str:
        parts = [self.function or "a function of the catalogue"]
        if self.input is not None:
            parts.append(f"from {self.input.describe()}")
        if self.output is not None:
            parts.append(f"to {self.output.describe()}")
        if self.dialect != EXACT:
            parts.append(f"as {self.dialect} computes it")
        if self.order is not None:
            parts.append(f"in order {self.order}")
        return " ".join(parts) + f", {self.guarantee or 'correct'}" + (f", ties {self.ties}" if self.ties else "")


@dataclass(frozen=True)
class Finding:
    """One thing that is known of a table.

    Attributes:
        level: ok, note, or wrong.
        subject: a key for scripts.
        text: a sentence.
    """

    level: Level
    subject: str
    text: str


@dataclass(frozen=True, eq=False)
class Audit:
    """What is known of a table.

    Attributes:
        table: the words.
        sentence: the verdict in one sentence.
        measured: the best explanation, measured; None where there is none.
        others: other explanations that no entry tells apart from the best.
        findings: all else, in order.
        claim: what was claimed, None if nothing.
        holds: whether it holds; None if nothing was claimed.
        truth: with a claim that does not hold: what the table is instead, where that is clearer.
    """

    table: Table
    sentence: str
    measured: Measured | None
    others: tuple[Measured, ...] = ()
    findings: tuple[Finding, ...] = ()
    claim: Claim | None = None
    holds: bool | None = None
    truth: str = ""
    forms: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Everything, for a script."""
        data: dict[str, Any] = {
            "verdict": self.sentence,
            "holds": self.holds,
            "claim": str(self.claim) if self.claim else None,
            "instead": self.truth or None,
            "file": {
                "kind": self.table.kind,
                "name": self.table.name or None,
                "entries": len(self.table.words) - self.table.left_out,
                "bits": self.table.bits,
                "signed": self.table.signed,
            },
            "best": None if self.measured is None else _fields(self.measured),
            "others": [_fields(each, brief=True) for each in self.others],
            "forms": {name: {"differing": wrong, "at_most": most} for name, (wrong, most) in self.forms.items()},
            "findings": [{"level": each.level, "subject": each.subject, "text": each.text} for each in self.findings],
        }
        return data


# -- fields -----------------------------------------------------------------------------------------------------


def _fields(measured: Measured, brief: bool = False) -> dict[str, Any]:
    """An explanation, for a script."""
    found = measured.hypothesis
    view = found.view
    data: dict[str, Any] = {
        "function": found.candidate.name,
        "input": {
            "scale": None if found.candidate.scale_free and measured.given_input is None else found.scale.value,
            "scale_range": _range(found.scale_range),
            "zero_point": None if measured.input is None else measured.input.zero_point,
            "format": None if measured.input is None else str(measured.input),
            "zero_at": found.zero,
        },
        "output": {
            "scale": found.step.value,
            "scale_range": _range(found.step_range),
            "zero_point": found.level,
            "format": str(measured.output),
        },
        "order": view.order,
        "rounding": measured.rounding,
        "wrong": measured.wrong,
        "bits": round(found.bits, 1),
    }
    if not brief:
        data |= {
            "roundings": measured.roundings,
            "max_ulp": float(np.abs(measured.ulp).max()),
            "mean_ulp": float(np.abs(measured.ulp).mean()),
            "histogram": {str(gap): count for gap, count in measured.histogram().items()},
            "worst": [row(measured, place) for place in measured.worst(10)],
        }
    return data


def row(measured: Measured, place: int) -> dict[str, Any]:
    """A wrong entry: where it is, what it is and what is right."""
    return {
        "index": int(measured.hypothesis.view.places[place]) * measured.hypothesis.view.repeat,
        "code": measured.code(place),
        "x": float(measured.x[place]),
        "is": int(measured.numbers[place]),
        "right": int(measured.right[place]),
        "ulp": round(float(measured.ulp[place]), 4),
    }


def _range(ends: tuple[float, float] | None) -> list[float | None] | None:
    if ends is None:
        return None
    return [each if 0 < each < 1e29 else None for each in ends]


def scale_text(scale: Nice) -> str:
    """A scale as it would have been written, with its value."""
    if scale.text == "scale=fit":
        return f"{scale.value:.7g} (just holds the range)"
    try:
        return scale.text if float(scale.text) == scale.value else f"{scale.value:.7g}"
    except ValueError:
        return f"{scale.text} ({scale.value:.7g})" if "any" not in scale.text else "any"
