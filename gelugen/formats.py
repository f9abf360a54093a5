"""Number formats: integer codes to reals and back, rounding, saturation, notation.

A code ``q`` of a format stands for the real ``(q - zero_point) * scale``. Scales are exact doubles.

Notation:
    ``q3.12``   signed fixed point, 3 integer and 12 fraction bits, 16 bits in all: the sign bit is not counted
                (TI's notation; Arm writes Q4.12).
    ``uq0.8``   unsigned fixed point, 8 bits.
    ``int8:scale=0.05,zero_point=-3``   affine, as LiteRT and ONNX use it (``uint8``, ``int16``, ``int12`` too).
                The scale is a number or a hexadecimal float (``0x1.999999999999ap-5``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from gelugen.errors import GelugenError, short

MIN_BITS, MAX_BITS = 4, 16

Codes = npt.NDArray[np.int64]
Ties = Literal["even", "away", "up", "down"]
"""Where a value half-way between two codes goes, seen from (value / scale) before the zero point is added:
to the even one, away from zero, up (towards +infinity) or down."""
TIES: tuple[Ties, ...] = get_args(Ties)

_FIXED = re.compile(r"(u?)q(\d{1,9})\.(\d{1,9})", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_NUMBER = re.compile(
    r"[+-]?(0x[0-9a-f]+(\.[0-9a-f]*)?(p[+-]?\d{1,9})?|(\d+\.?\d*|\.\d+)(e[+-]?\d{1,9})?|inf|infinity|nan)",
    re.ASCII | re.IGNORECASE,
)
_AFFINE = re.compile(r"(u?)int(\d{1,9})(?::(.*))?", re.ASCII)


@dataclass(frozen=True)
class Format:
    """A number format of 4 to 16 bits.

    Attributes:
        bits: width of a code.
        signed: two's complement if true, plain binary if not.
        scale: the real distance of two neighbouring codes: one ulp.
        zero_point: the code that stands for 0.

    Raises:
        GelugenError: a field is out of its domain.
    """

    bits: int
    signed: bool
    scale: float
    zero_point: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "bits", whole(self.bits, "bits"))
        object.__setattr__(self, "zero_point", whole(self.zero_point, "zero_point"))
        check_bits(self.bits, f"{short(self.bits)} bits")
        object.__setattr__(self, "scale", parse_scale(self.scale))
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise GelugenError(f"scale {self.scale!r} must be a finite number above zero")
        if not 2.0**-126 <= self.scale <= 2.0**126:
            raise GelugenError(f"scale {self.scale!r} must lie between 2**-126 and 2**126")
        if not self.code_min <= self.zero_point <= self.code_max:
            raise GelugenError(
                f"zero_point {short(self.zero_point)} is outside {self.kind}: "
                f"it must lie between {self.code_min} and {self.code_max}"
            )

    # -- notation ------------------------------------------------------------------------------------------

    @classmethod
    def parse(cls, text: str | Mapping[str, Any] | Format) -> Format:
        """Read the notation, or a mapping with the keys ``bits, signed, scale, zero_point``.

        Raises:
            GelugenError: the text is not a format.
        """
        parsed = parse_format(text)
        if isinstance(parsed, FittedFormat):
            raise GelugenError(f"format {text!r} asks for scale=fit, which only an output format can")
        return parsed

    @property
    def kind(self) -> str:
        """The integer type, as in ``int8`` or ``uint12``."""
        return f"{'' if self.signed else 'u'}int{self.bits}"

    @property
    def exponent(self) -> int | None:
        """``e`` if the scale is ``2**e``, else None."""
        mantissa, exponent = math.frexp(self.scale)
        return exponent - 1 if mantissa == 0.5 else None

    @property
    def fraction_bits(self) -> int | None:
        """The number after the dot if the format can be written in Q notation, else None."""
        if self.exponent is None or self.zero_point or not 0 <= -self.exponent <= self.bits - self.signed:
            return None
        return -self.exponent

    def __str__(self) -> str:
        fraction = self.fraction_bits
        if fraction is not None:
            return f"{'' if self.signed else 'u'}q{self.bits - self.signed - fraction}.{fraction}"
        return f"{self.kind}:scale={self.scale.hex()},zero_point={self.zero_point}"

    def describe(self) -> str:
        """The notation with the scale in decimal, for people."""
        if self.fraction_bits is not None:
            return f"{self} ({self.kind}, scale 2^-{self.fraction_bits})"
        return f"{self.kind}, scale {self.scale!r}, zero point {self.zero_point}"

    def to_json(self) -> dict[str, Any]:
        """The fields, with the scale as a hexadecimal float string."""
        return {
            "bits": self.bits,
            "signed": self.signed,
            "scale": self.scale.hex(),
            "zero_point": self.zero_point,
        }

    # -- codes ---------------------------------------------------------------------------------------------

    @property
    def code_min(self) -> int:
        """The smallest code."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def code_max(self) -> int:
        """The largest code."""
        return (1 << (self.bits - self.signed)) - 1

    @property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest code."""
        return self.code_min, self.code_max

    def codes(self) -> Codes:
        """All 2**bits codes from ``code_min`` up, as int64."""
        return np.arange(self.code_min, self.code_max + 1, dtype=np.int64)

    def check_codes(self, codes: npt.ArrayLike) -> Codes:
        """The codes as an int64 array.

        Raises:
            GelugenError: they are not integers, or one is outside the format.
        """
        try:
            array = np.asarray(codes)
        except ValueError:
            raise GelugenError("codes in rows of unequal length make no array: give a rectangle") from None
        if not array.size:
            return array.astype(np.int64)
        if array.dtype.kind not in "iu":
            raise GelugenError(f"codes of type {array.dtype} must be integers: quantize() makes them from reals")
        outside = (array < self.code_min) | (array > self.code_max)
        if outside.any():
            raise GelugenError(
                f"code {array[outside].flat[0]} is outside {self.kind}: "
                f"codes must lie between {self.code_min} and {self.code_max}"
            )
        return array.astype(np.int64)

    def saturate(self, values: npt.ArrayLike) -> Codes:
        """Clamp integers to the range of the codes."""
        clipped: Codes = np.clip(np.asarray(values, dtype=np.int64), self.code_min, self.code_max)
        return clipped

    def dequantize(self, codes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The reals that codes stand for, as float64 (correctly rounded).

        Raises:
            GelugenError: a code is outside the format.
        """
        return (self.check_codes(codes) - self.zero_point).astype(np.float64) * self.scale

    def quantize(self, values: npt.ArrayLike, ties: Ties = "even") -> Codes:
        """The nearest codes, saturated.

        ``value / scale`` is rounded to the nearest integer as an exact quotient, not as a rounded one; then the
        zero point is added and the sum saturated. Infinities saturate.

        Args:
            values: reals of any shape.
            ties: where a value exactly half-way between two codes goes.

        Raises:
            GelugenError: a value is NaN.
        """
        try:
            shape = np.shape(values)
            reals = np.atleast_1d(np.asarray(values, dtype=np.float64))
        except (TypeError, ValueError):
            raise GelugenError(f"values to quantize must be an array of numbers, not {short(values)}") from None
        if np.isnan(reals).any():
            raise GelugenError("a value to quantize is nan: it must be a number or an infinity")
        beyond = float(1 << (MAX_BITS + 2))  # past every code, so that what follows stays small and finite
        with np.errstate(over="ignore"):
            quotient = np.clip(reals / self.scale, -beyond, beyond)
        floor = np.floor(quotient).astype(np.int64)
        above = quotient - floor > 0.5
        # The division has rounded: next to a half, and next to an integer, decide by exact fractions.
        doubtful = np.abs(np.abs(quotient - floor - 0.5)) < 2.0**-30
        step = above.astype(np.int64)
        for index in np.argwhere(doubtful):
            at = tuple(index)
            twice = 2 * (Fraction(float(reals[at])) / Fraction(self.scale) - int(floor[at]))
            step[at] = int(twice > 1) if twice != 1 else tie_step(int(floor[at]), ties)
        return self.saturate(floor + step + self.zero_point).reshape(shape)


@dataclass(frozen=True)
class FittedFormat:
    """An affine format whose scale (and zero point, unless one is given) is still to be fitted to a range."""

    bits: int
    signed: bool
    zero_point: int | None

    def fit(self, low: Fraction, high: Fraction) -> Format:
        """The format of the smallest scale in which [low, high] does not saturate.

        Zero always gets a code of its own, as affine formats demand. With a free zero point all of them are
        tried; of equal scales the smallest zero point in magnitude is taken.

        Raises:
            GelugenError: the given zero point leaves no code for a part of the range.
        """
        low, high = min(low, Fraction(0)), max(high, Fraction(0))
        probe = Format(self.bits, self.signed, 1.0)
        points = probe.codes() if self.zero_point is None else np.array([self.zero_point])
        above, below = probe.code_max - points, points - probe.code_min
        with np.errstate(divide="ignore", invalid="ignore"):
            rough = np.fmax(float(high) / above, -float(low) / below)  # 0 / 0 is nan: nothing to hold there
        best: tuple[float, int, int] | None = None
        near = np.isfinite(rough) & (rough <= np.nanmin(rough) * (1 + 1e-9))
        for point in points[near].tolist():
            needs = [(high, probe.code_max - point), (-low, point - probe.code_min)]
            need = max((real / codes for real, codes in needs if real), default=Fraction(0))
            scale = float(need)
            if Fraction(scale) < need:
                scale = math.nextafter(scale, math.inf)
            if scale > 0 and (best is None or (scale, abs(point)) < best[:2]):
                best = (scale, abs(point), point)
        if best is None:
            raise GelugenError(
                f"zero_point {self.zero_point} leaves {probe.kind} no code for part of the function's range, "
                f"{float(low):.6g} to {float(high):.6g}: give another one, or none"
            )
        return Format(self.bits, self.signed, best[0], best[2])


def tie_step(floor: int, ties: Ties) -> int:
    """1 if a value half-way between ``floor`` and ``floor + 1`` goes up, 0 if it goes down."""
    return {"even": floor & 1, "away": int(floor >= 0), "up": 1, "down": 0}[ties]


def check_bits(bits: int, shown: str) -> None:
    """Refuse a width outside 4 to 16, naming what the user wrote."""
    if not MIN_BITS <= bits <= MAX_BITS:
        raise GelugenError(f"{shown}: a format must have {MIN_BITS} to {MAX_BITS} bits")


def parse_format(text: str | Mapping[str, Any] | Format) -> Format | FittedFormat:
    """Read the notation of the module's head; ``scale=fit`` gives a format that is still to be fitted."""
    if isinstance(text, Format):
        return text
    if isinstance(text, Mapping):
        return _from_mapping(text)
    if not isinstance(text, str):
        raise GelugenError(f"format {text!r} must be text such as 'q3.12' or 'int8:scale=0.05,zero_point=-3'")
    if match := _FIXED.fullmatch(text.strip()):
        unsigned, integer, fraction = match[1] == "u", int(match[2]), int(match[3])
        bits = integer + fraction + (not unsigned)
        check_bits(bits, f"format {text!r} has {bits} bits")
        return Format(bits, not unsigned, 2.0**-fraction)
    if match := _AFFINE.fullmatch(text.strip()):
        bits = int(match[2])
        check_bits(bits, f"format {text!r} has {bits} bits")
        return _affine(text, bits, signed=not match[1], options=match[3] or "")
    raise GelugenError(
        f"format {short(text)} is not known: write fixed point as 'q3.12' or 'uq0.8', "
        f"affine as 'int8:scale=0.05,zero_point=-3'"
    )


def _affine(text: str, bits: int, *, signed: bool, options: str) -> Format | FittedFormat:
    fields: dict[str, str] = {}
    for item in options.split(",") if options else ():
        key, equals, value = (part.strip() for part in item.partition("="))
        if key not in ("scale", "zero_point") or not equals or not value:
            raise GelugenError(
                f"format {short(text)} has the unknown part {short(item)}: write scale=... and zero_point=..."
            )
        if key in fields:
            raise GelugenError(f"format {text!r} gives {key} twice: give it once")
        fields[key] = value
    if "scale" not in fields:
        raise GelugenError(f"format {text!r} lacks its scale: write it as 'int8:scale=0.05,zero_point=-3'")
    if "zero_point" in fields and not _INTEGER.fullmatch(fields["zero_point"]):
        raise GelugenError(f"zero_point {short(fields['zero_point'])} must be an integer of at most 9 digits")
    zero_point = int(fields["zero_point"]) if "zero_point" in fields else None
    if fields["scale"] == "fit":
        if zero_point is not None:
            Format(bits, signed, 1.0, zero_point)
        return FittedFormat(bits, signed, zero_point)
    return Format(bits, signed, parse_scale(fields["scale"]), zero_point or 0)


def parse_scale(value: str | float) -> float:
    """A scale from a number, its text, or a hexadecimal float string.

    Raises:
        GelugenError: it is no number.
    """
    try:
        if isinstance(value, (bool, np.bool_)):
            raise ValueError
        if isinstance(value, str):
            if not _NUMBER.fullmatch(value):
                raise ValueError
            return float.fromhex(value) if "0x" in value.lower() else float(value)
        return float(value)
    except (ValueError, OverflowError, TypeError):
        raise GelugenError(f"scale {short(value)} must be a number such as 0.05 or 0x1.99999ap-5") from None


def _from_mapping(fields: Mapping[str, Any]) -> Format:
    known = {"bits", "signed", "scale", "zero_point"}
    if unknown := sorted(set(fields) - known, key=str):
        raise GelugenError(f"format key {unknown[0]!r} is not known: the keys are bits, signed, scale, zero_point")
    if missing := sorted(known - {"zero_point"} - set(fields)):
        raise GelugenError(f"format {dict(fields)!r} lacks {missing[0]!r}")
    bits, signed, zero_point = fields["bits"], fields["signed"], fields.get("zero_point", 0)
    if not isinstance(signed, (bool, np.bool_)):
        raise GelugenError(f"signed {short(signed)} must be true or false")
    return Format(whole(bits, "bits"), bool(signed), parse_scale(fields["scale"]), whole(zero_point, "zero_point"))


def whole(value: object, what: str) -> int:
    """An integer, NumPy's too, but neither a truth value nor a float.

    Raises:
        GelugenError: it is none.
    """
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    raise GelugenError(f"{what} {short(value)} must be an integer")
