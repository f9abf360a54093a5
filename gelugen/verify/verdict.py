"""A tool's verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from gelugen.formats import Codes
from gelugen.units import Unit


@dataclass(frozen=True)
class Verdict:
    """What one tool said.

    Attributes:
        tool: the tool, its version and how it was run.
        status: ``pass``, ``fail`` or ``skipped``.
        codes: how many input codes, or pairs of them, are to be checked; or how many of what ``of`` says.
        checked: how many of them were compared.
        mismatches: how many of them differ; of files, how many warnings there are.
        first_mismatch: the first of them: input code (of a gated unit the pair), expected and actual output.
        seconds: how long it took.
        note: why it failed or was skipped, where the numbers do not say so.
        of: what is counted: ``codes``; or ``files`` that a linter read, or ``properties`` that a prover held, which
            say nothing about any code.
    """

    tool: str
    status: Literal["pass", "fail", "skipped"]
    codes: int
    checked: int = 0
    mismatches: int = 0
    first_mismatch: tuple[int | tuple[int, ...], int | str, int | str] | None = None
    seconds: float = 0.0
    note: str = ""
    of: Literal["codes", "files", "properties"] = "codes"

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)


def code_count(unit: Unit) -> int:
    """How many input codes, or pairs of them, are to be checked: all, but for wide gated units."""
    return len(unit.stimulus()[0])


def sample(drives: Sequence[Codes], at: int) -> int | tuple[int, ...]:
    """The input code, or the codes, of a sample."""
    codes = tuple(int(each[at]) for each in drives)
    return codes[0] if len(codes) == 1 else codes
