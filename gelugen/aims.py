"""What is asked of a design: a guarantee at the least cost, or the least error that a given size allows.

| objective | cost |
|---|---|
| ``balanced`` | ROM bits, plus a * b for every multiplier of a by b bits |
| ``rom-bits`` | ROM bits |
| ``multiplier-bits`` | a * b for every multiplier of a by b bits |
| ``latency`` | clocks from input to output |
| a weighted sum | such as ``rom-bits+0.5*multiplier-bits+20*latency`` |
| ``luts:FAMILY`` | lookup tables of ``ice40``, ``ecp5`` or ``xc7``, counted by Yosys, see ``Luts`` |
| ``luts:FAMILY+dsp+bram`` | the same; DSP blocks, block RAM or both may be taken, at the cost of some lookup tables |
| ``instructions:CORE`` | executed instructions for an element of the C array function on a core, see ``OnCore`` |
| ``flash:CORE`` | bytes of the code and of the tables of that function |
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Literal, get_args

from gelugen.architectures import ARCHITECTURES
from gelugen.density import Density
from gelugen.errors import GelugenError, short
from gelugen.formats import Format, whole

MOST_SEGMENTS = 64
"""The most segments that a mean square error is minimised over."""
_FINEST_GRID = 128

DEFAULT_OBJECTIVE = "balanced"
MULTIPLIER = "multiplier"
"""The name by which all architectures that multiply are excluded."""
_COUNTED = ("rom-bits", "multiplier-bits", "latency")
_OBJECTIVES = {
    DEFAULT_OBJECTIVE: (1.0, 1.0, 0.0),
    "rom-bits": (1.0, 0.0, 0.0),
    "multiplier-bits": (0.0, 1.0, 0.0),
    "latency": (0.0, 0.0, 1.0),
}
_SUMMAND = re.compile(r"(?:(\d{1,9}(?:\.\d{1,9})?)\*)?(rom-bits|multiplier-bits|latency)", re.ASCII)

_ULP = re.compile(r"ulp:(\d{1,5}(?:\.\d{1,60})?|\.\d{1,60})", re.ASCII)


Minimise = Literal["mse"]
"""What may be least: the mean square error."""


@dataclass(frozen=True)
class Guarantee:
    """The accuracy that must hold over every input code.

    Attributes:
        kind: ``correct`` (equals the golden code), ``faithful`` (|error| < 1 ulp against the real function
            clamped to the output range) or ``ulp`` (|error| <= ``ulp``).
        ulp: the bound, 0 unless kind is ``ulp``.
    """

    kind: Literal["correct", "faithful", "ulp"]
    ulp: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        valid = isinstance(self.ulp, Fraction) and (self.kind == "ulp") == (self.ulp > 0) and self.ulp < 1 << 16
        if self.kind not in ("correct", "faithful", "ulp") or not valid or (self.ulp * 10**60).denominator != 1:
            raise GelugenError(
                f"guarantee {short(self.kind)} with ulp {short(self.ulp)} is not known: it must be correct, faithful "
                f"or ulp with a Fraction above 0 and below 65536 of at most 60 decimals"
            )

    @classmethod
    def parse(cls, text: str) -> Guarantee:
        """Read ``correct``, ``faithful`` or ``ulp:N``.

        Raises:
            GelugenError: it is none of them.
        """
        if text == "correct":
            return cls("correct")
        if text == "faithful":
            return cls("faithful")
        if isinstance(text, str) and (match := _ULP.fullmatch(text)) and 0 < float(match[1]) < 1 << 16:
            return cls("ulp", Fraction(match[1]))
        raise GelugenError(
            f"guarantee {short(text)} is not known: it must be correct, faithful or ulp:N with N above 0"
        )

    def __str__(self) -> str:
        return f"ulp:{_decimal(self.ulp)}" if self.kind == "ulp" else self.kind

    def describe(self) -> str:
        """The guarantee as a formula, for people."""
        if self.kind == "correct":
            return "correct: the real value, correctly rounded, at every code"
        if self.kind == "faithful":
            return "faithful: |error| < 1 ulp at every code"
        return f"ulp:{_decimal(self.ulp)}: |error| <= {_decimal(self.ulp)} ulp at every code"


LUT_FAMILIES = ("ice40", "ecp5", "xc7")
_LUTS = re.compile(r"luts:(\w+)((?:\+(?:dsp|bram))*)", re.ASCII)


@dataclass(frozen=True)
class Luts:
    """What ``luts:FAMILY`` counts.

    Attributes:
        family: of FPGAs.
        dsps, brams: whether DSP blocks and block RAM may be taken.
    """

    family: str
    dsps: bool = False
    brams: bool = False
    DSP: ClassVar[int] = 20
    """A DSP block costs as much as so many lookup tables: who allows them has some to spare."""
    BRAM: ClassVar[int] = 40
    """The same of a block RAM."""

    def cost(self, luts: int, dsps: int, brams: int) -> int:
        """The cost of what Yosys counted."""
        return luts + self.DSP * dsps + self.BRAM * brams


CORE_NAMES = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "rv32imac", "avr")
"""The cores of microcontrollers that an objective may name."""
UNCOUNTED = ("avr",)
"""Those of them on which instructions cannot be counted."""
_ON_CORE = re.compile(r"(instructions|flash):(.*)", re.DOTALL)


@dataclass(frozen=True)
class OnCore:
    """What ``instructions:CORE`` and ``flash:CORE`` count.

    Attributes:
        kind: ``instructions``: executed for an element of the array function, the mean over codes of |x| < 4; or
            ``flash``: bytes of its code and of its tables.
        core: the name of one of ``CORE_NAMES``.
    """

    kind: Literal["instructions", "flash"]
    core: str

    @property
    def unit(self) -> str:
        """What the cost is a number of."""
        return "instructions an element" if self.kind == "instructions" else "bytes"

    def __str__(self) -> str:
        return f"{self.kind}:{self.core}"

    def cost(self, instructions: Fraction | float, code: int, tables: int) -> tuple[Fraction | float, ...]:
        """The cost, then what decides where that is equal."""
        size = code + tables
        return (instructions, size) if self.kind == "instructions" else (size, instructions)


@dataclass(frozen=True)
class Weights:
    """What an objective counts.

    Attributes:
        name: as the user writes it.
        rom_bits, multiplier_bits, latency: the factors of a design's cost.
        luts, core: what a tool counts; the factors are then those of ``balanced``, by which candidates are found.
    """

    name: str
    rom_bits: float
    multiplier_bits: float
    latency: float
    luts: Luts | None = None
    core: OnCore | None = None

    @property
    def counted(self) -> bool:
        """Whether a tool counts, and not this program from the design alone."""
        return self.luts is not None or self.core is not None

    @classmethod
    def parse(cls, text: str) -> Weights:
        """Read the name of an objective or a weighted sum.

        Raises:
            GelugenError: it is none.
        """
        if isinstance(text, str):
            if text in _OBJECTIVES:
                return cls(text, *_OBJECTIVES[text])
            plain = text.replace(" ", "")
            if plain.startswith("luts"):
                return cls._of_luts(plain)
            if plain.startswith(("instructions", "flash")):
                return cls._on_core(plain)
            summands = [_SUMMAND.fullmatch(each) for each in plain.split("+")]
            weights = dict.fromkeys(_COUNTED, 0.0)
            for summand in summands:
                if summand is not None:
                    weights[summand[2]] += float(summand[1] or 1)
            if all(summands) and any(weights.values()):
                rom, multiplier, clock = weights.values()
                return cls(plain, rom, multiplier, clock)
        raise GelugenError(
            f"objective {short(text)} is not known: it must be {', '.join(_OBJECTIVES)}, luts:FAMILY, "
            f"instructions:CORE, flash:CORE, or a weighted sum such as rom-bits+0.5*multiplier-bits+20*latency"
        )

    @classmethod
    def _of_luts(cls, text: str) -> Weights:
        match = _LUTS.fullmatch(text)
        more = match[2].split("+")[1:] if match else []
        if match is None or match[1] not in LUT_FAMILIES or len(set(more)) < len(more):
            raise GelugenError(
                f"objective {short(text)} is not known: it must be luts:FAMILY with {', '.join(LUT_FAMILIES)} as the "
                f"family, and may end in +dsp, +bram or both, as in luts:xc7+dsp"
            )
        luts = Luts(match[1], "dsp" in more, "bram" in more)
        name = f"luts:{luts.family}{'+dsp' * luts.dsps}{'+bram' * luts.brams}"
        return cls(name, *_OBJECTIVES[DEFAULT_OBJECTIVE], luts)

    @classmethod
    def _on_core(cls, text: str) -> Weights:
        match = _ON_CORE.fullmatch(text)
        if match is None or match[2] not in CORE_NAMES:
            raise GelugenError(
                f"objective {short(text)} is not known: it must be instructions:CORE or flash:CORE with one of "
                f"{', '.join(CORE_NAMES)} as the core"
            )
        kind: Literal["instructions", "flash"] = "instructions" if match[1] == "instructions" else "flash"
        if kind == "instructions" and match[2] in UNCOUNTED:
            raise GelugenError(
                f"objective {text}: instructions cannot be counted on {match[2]}, ask for flash:{match[2]}"
            )
        core = OnCore(kind, match[2])
        return cls(str(core), *_OBJECTIVES[DEFAULT_OBJECTIVE], core=core)


def check_flash(flash: object, objective: Weights) -> int | None:
    """The most bytes of tables, checked.

    Raises:
        GelugenError: it is no whole number above 0, or the objective names no core.
    """
    if flash is None:
        return None
    most = _whole(flash, "flash")
    if most < 0:
        raise GelugenError(f"flash {most} must be a number of bytes, 0 or more")
    if objective.core is None:
        raise GelugenError(
            f"flash {most} is given with objective {objective.name}: it goes with instructions:CORE or flash:CORE"
        )
    return most


def check_exclude(exclude: str | Sequence[str]) -> tuple[str, ...]:
    """What ``auto`` shall leave out, sorted: from names, or from one text with commas; an empty one names nothing.

    Raises:
        GelugenError: a name is neither ``multiplier``, an architecture nor a shape.
    """
    if exclude == "":
        return ()
    names = exclude.split(",") if isinstance(exclude, str) else exclude
    if not isinstance(names, Sequence):
        raise GelugenError(f"exclude {short(exclude)} must be a list of names")
    for name in names:
        if not isinstance(name, str) or (name != MULTIPLIER and name not in ARCHITECTURES):
            raise GelugenError(
                f"exclude {short(name)} is not known: it must be {MULTIPLIER}, or an architecture such as table or "
                f"residual-dyadic-cubic, or its shape alone for every fold"
            )
    return tuple(sorted(set(names)))


def check_size(
    minimise: object, segments: object, density: object, grid: object, input_format: Format, output_format: Format
) -> dict[str, Any]:
    """The fields ``segments``, ``density`` and ``grid`` that go with ``minimise``, checked.

    Raises:
        GelugenError: one is unknown, missing or out of range.
    """
    if minimise not in get_args(Minimise):
        raise GelugenError(f"minimise {short(minimise)} is not known: it must be mse")
    most = min(MOST_SEGMENTS, 1 << input_format.bits)
    if segments is None:
        raise GelugenError(f"segments is missing: minimise = mse needs the most segments to take, 1 to {most}")
    segments = _whole(segments, "segments")
    if not 1 <= segments <= most:
        raise GelugenError(f"segments {short(segments)} must be a whole number from 1 to {most}")
    grid = default_grid(output_format) if grid is None else _whole(grid, "grid")
    if not -_FINEST_GRID <= grid <= _FINEST_GRID:
        raise GelugenError(f"grid {short(grid)} must lie between {-_FINEST_GRID} and {_FINEST_GRID} fraction bits")
    if not isinstance(density, Density):
        density = Density.parse("uniform" if density is None else density)  # type: ignore[arg-type]
    return {"segments": segments, "density": density.pinned(input_format), "grid": grid}


def default_grid(output: Format) -> int:
    """Two bits finer than the output's codes: rounding a coefficient is then little beside rounding the output."""
    return 3 - math.frexp(output.scale)[1]


def _whole(value: object, what: str) -> int:
    """An integer, or the text of one."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,9}", value, re.ASCII):
        return int(value)
    if isinstance(value, str):
        raise GelugenError(f"{what} {short(value)} must be a whole number")
    return whole(value, what)


def _decimal(value: Fraction) -> str:
    """A fraction that came from decimal digits, as those digits again."""
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
    text = str(value.numerator * 10**digits // value.denominator).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text
