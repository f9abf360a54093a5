"""Which scales fit: intervals that give the same codes, and the numbers in them that somebody would have written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gelugen.audit.shapes import Reals
from gelugen.formats import Codes

Mode = Literal["nearest", "floor", "ceil", "truncate"]
MODES: tuple[Mode, ...] = ("nearest", "floor", "truncate", "ceil")
_DIVISORS = (127, 128, 255, 256, 32767, 32768, 65535, 65536)


@dataclass(frozen=True)
class Nice:
    """A number that somebody would have written.

    Attributes:
        value: the number.
        text: as it would have been written.
        bits: what it costs to name it.
    """

    value: float
    text: str
    bits: float


def nice_numbers(low: float, high: float, count: int = 256, most: int = 6) -> list[Nice]:
    """Nice numbers from low to high, the nicest first: powers of two, short decimals, L/255 and the like.

    Args:
        low: where the interval begins, above 0.
        high: where it ends.
        count: entries of the table, whose L/(count - 1), L/(count/2) are nice too.
        most: how many at most.
    """
    found: dict[float, Nice] = {}

    def add(value: float, text: str, bits: float) -> None:
        if low <= value <= high and (value not in found or bits < found[value].bits):
            found[value] = Nice(value, text, bits)

    if not (0 < low <= high < math.inf):
        return []
    for exponent in range(math.ceil(math.log2(low) - 1e-12), min(math.floor(math.log2(high) + 1e-12), 126) + 1)[:4]:
        text = f"2^{exponent}" if exponent < 0 else f"{2**exponent}"
        add(2.0**exponent, text, 3 + 0.1 * abs(exponent))
    top = math.floor(math.log10(high))
    enough = 0
    for digits in range(1, 6):
        power = top - digits + 1
        unit = 10.0**power
        first, last = math.ceil(low / unit * (1 - 1e-13)), math.floor(high / unit * (1 + 1e-13))
        for mantissa in range(first, min(last, first + 9) + 1):
            value = float(f"{mantissa}e{power}")
            add(value, f"{value:.{digits}g}", 2 + 3.4 * len(str(mantissa).rstrip("0")))
        enough += last >= first
        if enough >= 2:
            break
    own = (count - 1, count // 2, count // 2 - 1, count)
    for divisor in dict.fromkeys([*own, *_DIVISORS]):
        if divisor < 3:
            continue
        for step, extra in ((1.0, 0.0), (0.5, 1.0), (0.1, 3.0)):
            first, last = math.ceil(low * divisor / step), math.floor(high * divisor / step)
            for times in range(first, min(last, first + 3) + 1):
                length = round(times * step, 1)
                if length <= 64:
                    bits = (
                        (7 if divisor in own or divisor in (127, 128, 255, 256) else 9) + extra + math.log2(length + 1)
                    )
                    add(length / divisor, f"{length:g}/{divisor}", bits)
            if last >= first:
                break
    return sorted(found.values(), key=lambda each: each.bits)[:most]


def plain(low: float, high: float) -> Nice:
    """A number of no beauty in an interval: as many bits as it takes to hit it."""
    high = min(max(high, 1e-30), 1e30)
    low = min(max(low, 1e-30), high)
    middle = math.sqrt(low * high) if high < 100 * low else low if high == 1e30 else high
    width = min((high - low) / middle, 1.0)
    digits = max(1, min(15, math.ceil(-math.log10(max(width, 1e-14)) + 1)))
    rounded = float(f"{middle:.{digits}g}")
    value = rounded if low <= rounded <= high else middle
    return Nice(value, f"{value:.{digits}g}", 8 + max(0.0, math.log2(1 / max(width, 1e-9))))


def allowed(numbers: Codes, zero: int, ends: tuple[int, int], mode: Mode) -> tuple[Reals, Reals]:
    """For each code the interval of y / scale that rounds to it; beyond the last codes it has no end."""
    code = (numbers - zero).astype(np.float64)
    if mode == "nearest":
        low, high = code - 0.5, code + 0.5
    elif mode == "floor":
        low, high = code, _below(code + 1)
    elif mode == "ceil":
        low, high = -_below(1 - code), code
    else:
        low = np.where(code > 0, code, -_below(1 - code))
        high = np.where(code < 0, code, _below(code + 1))
    low = np.where(numbers <= ends[0], -np.inf, low)
    return low, np.where(numbers >= ends[1], np.inf, high)


def _below(real: Reals) -> Reals:
    """A little less."""
    return np.where(real == 0, -1e-300, real - 1e-12 * np.abs(real))


def most_covered(values: Reals, low: Reals, high: Reals) -> tuple[int, float, float]:
    """The factor A for which most of low <= A * value <= high hold: how many, and from which A to which."""
    nothing = values == 0
    always = int(np.count_nonzero(nothing & (low <= 0) & (high >= 0)))
    value, low, high = values[~nothing], low[~nothing], high[~nothing]
    first, last = low / value, high / value
    first, last = np.where(value > 0, first, last), np.where(value > 0, last, first)
    first = np.maximum(first, 1e-12)
    some = last >= first
    slack = 1e-12
    starts, stops = np.sort(first[some]) * (1 - slack), np.sort(last[some]) * (1 + slack)
    if not len(starts):
        return always, 1e-12, math.inf
    ended = np.searchsorted(stops, starts, side="left")
    covered = np.arange(1, len(starts) + 1) - ended
    at = int(covered.argmax())
    return always + int(covered[at]), float(starts[at]), float(stops[ended[at]])


def rounded(real: Reals, zero: int, ends: tuple[int, int], mode: Mode) -> Codes:
    """Codes of y / scale, rounded and saturated.

    As a program with doubles does it: what is an integer but for a last bit is one.
    """
    if mode == "nearest":
        whole = np.rint(real)
    elif mode == "floor":
        whole = np.floor(real + 4e-16 * np.abs(real))
    elif mode == "ceil":
        whole = np.ceil(real - 4e-16 * np.abs(real))
    else:
        whole = np.trunc(real * (1 + 4e-16))
    with np.errstate(invalid="ignore"):
        return np.clip(np.clip(whole, -1e9, 1e9).astype(np.int64) + zero, *ends)
