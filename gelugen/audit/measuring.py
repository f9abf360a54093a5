"""A hypothesis against golden codes: which entries are wrong, by how much, and what went wrong with them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from gelugen.audit.scales import allowed, rounded
from gelugen.audit.search import Hypothesis
from gelugen.audit.shapes import Reals, shape
from gelugen.formats import MAX_BITS, MIN_BITS, Codes, Format, tie_step
from gelugen.functions import Function
from gelugen.functions.function import Parts, fraction
from gelugen.golden import FRACTION, Golden, golden_of

TIES = ("even", "away", "up", "down")
ROUNDINGS = {
    "even": "to nearest, ties to even",
    "away": "to nearest, ties away from zero",
    "up": "to nearest, ties up (half up)",
    "down": "to nearest, ties down",
    "nearest": "to nearest (no value is a tie)",
    "floor": "down (floor)",
    "ceil": "up (ceil)",
    "truncate": "towards zero (truncated)",
}
"""What the code of each rounding says in words."""


@dataclass(frozen=True)
class Slip:
    """A way in which words went wrong, and at which places."""

    text: str
    places: Codes


class Measured:
    """A hypothesis, measured at every entry."""

    def __init__(self, hypothesis: Hypothesis, given_input: Format | None = None) -> None:
        """Measure.

        Args:
            hypothesis: what the table may be.
            given_input: the input format, if it was given.
        """
        self.hypothesis = hypothesis
        self.numbers = hypothesis.view.numbers
        self.count = len(self.numbers)
        self.given_input = given_input

    # -- formats ---------------------------------------------------------------------------------------------

    @cached_property
    def input(self) -> Format | None:
        """The input format; None where none of ours is it (no power of two of entries, x = 0 between two)."""
        found = self.hypothesis
        if self.given_input is not None:
            return self.given_input
        bits = self.count.bit_length() - 1
        if self.count != 1 << bits or not MIN_BITS <= bits <= MAX_BITS or found.zero != int(found.zero):
            return None
        first = -(self.count // 2)
        if found.view.order == "codes":
            first = found.view.first_code
        elif found.zero <= 0 and found.view.order.startswith("offset"):
            first = 0
        if first not in (0, -(self.count // 2)):
            return None
        zero_point = int(found.zero) + first
        if not first <= zero_point < first + self.count:
            return None
        return Format(bits, first < 0, found.scale.value, zero_point)

    @cached_property
    def output(self) -> Format:
        """The output format."""
        found = self.hypothesis
        return Format(found.view.reading.bits, found.view.reading.signed, found.step.value, found.level)

    @property
    def first_code(self) -> int:
        """The input code of the first place."""
        return self.input.code_min if self.input is not None else 0

    def code(self, place: int) -> int:
        """The input code of a place."""
        return place + (self.first_code if self.hypothesis.view.order != "codes" else self.hypothesis.view.first_code)

    @cached_property
    def x(self) -> Reals:
        """The real input of every place."""
        return (np.arange(self.count, dtype=np.float64) - self.hypothesis.zero) * self.hypothesis.scale.value

    # -- right codes -----------------------------------------------------------------------------------------

    @cached_property
    def golden(self) -> Golden:
        """The golden codes, over at least the entries of the table."""
        found = self.hypothesis
        function = found.candidate.function
        if self.input is not None:
            return golden_of(function, self.input, self.output)
        bits = max(MIN_BITS, (self.count - 1).bit_length())
        frame = Format(bits, False, found.scale.value)
        shift = Fraction(found.zero) * Fraction(found.scale.value)
        return golden_of(_moved(function, shift), frame, self.output)

    def codes(self, rounding: str) -> Codes:
        """The right codes of one of ``ROUNDINGS``; directed ones as a program with doubles makes them."""
        found = self.hypothesis
        if rounding in ("floor", "ceil", "truncate"):
            real = shape(found.candidate.name)(self.x) / found.step.value
            return rounded(real, found.level, found.view.reading.ends, rounding)  # type: ignore[arg-type]
        scaled = self.golden.scaled[: self.count]
        if rounding in ("even", "nearest"):
            return self.golden.codes[: self.count]
        half = self.ties
        codes = self.golden.codes[: self.count].copy()
        for place in np.flatnonzero(half).tolist():
            floor = int(scaled[place]) >> FRACTION
            codes[place] = floor + tie_step(floor, rounding) + found.level  # type: ignore[arg-type]
        return codes

    @cached_property
    def ties(self) -> np.typing.NDArray[np.bool_]:
        """Where the value is half-way between two codes."""
        scaled, exact = self.golden.scaled[: self.count], self.golden.exact[: self.count]
        found: np.typing.NDArray[np.bool_] = exact & (scaled & ((1 << FRACTION) - 1) == 1 << FRACTION - 1)
        return found

    @cached_property
    def roundings(self) -> dict[str, int]:
        """How many entries differ under each rounding."""
        mode = self.hypothesis.mode
        nearest = TIES if self.ties.any() else ("nearest",)
        names = nearest if mode == "nearest" else (mode, *nearest)
        if mode == "floor":
            names = (*names, "truncate")
        return {name: int(np.count_nonzero(self.codes(name) != self.numbers)) for name in names}

    @cached_property
    def rounding(self) -> str:
        """The rounding under which fewest entries differ; the usual ones first."""
        return min(self.roundings, key=lambda name: self.roundings[name])

    @cached_property
    def right(self) -> Codes:
        """The right codes."""
        return self.codes(self.rounding)

    @cached_property
    def difference(self) -> Codes:
        """Table minus right code."""
        return self.numbers - self.right

    @cached_property
    def places(self) -> Codes:
        """Places that are wrong."""
        return np.flatnonzero(self.difference)

    @property
    def wrong(self) -> int:
        """How many entries are wrong."""
        return len(self.places)

    @cached_property
    def ulp(self) -> Reals:
        """Table minus real value in ulp of the output, at every entry."""
        padded = np.concatenate([self.numbers, self.golden.codes[self.count :]])
        return self.golden.error(padded)[: self.count]

    def histogram(self) -> dict[int, int]:
        """How often each difference occurs, 0 left out, the smallest first."""
        return dict(sorted(Counter(self.difference[self.places].tolist()).items()))

    def worst(self, most: int = 5) -> list[int]:
        """The places of the largest differences."""
        order = np.argsort(-np.abs(self.difference[self.places]), kind="stable")
        found: list[int] = self.places[order][:most].tolist()
        return found

    def differing(self, name: str) -> tuple[int, int]:
        """How many entries differ from another function at the same formats, and by how many codes at most."""
        found = self.hypothesis
        low, high = allowed(self.numbers, found.level, found.view.reading.ends, found.mode)
        real = shape(name)(self.x) / found.step.value
        slack = 1e-12 * np.maximum(1, np.abs(real))
        wrong = (real < low - slack) | (real > high + slack)
        codes = rounded(real, found.level, found.view.reading.ends, found.mode)
        most = int(np.abs(codes - self.numbers)[wrong].max()) if wrong.any() else 0
        return int(np.count_nonzero(wrong)), most

    # -- what went wrong --------------------------------------------------------------------------------------

    def slips(self) -> list[Slip]:
        """Two's-complement slips among the wrong entries."""
        reading = self.hypothesis.view.reading
        full, half = 1 << reading.bits, 1 << reading.bits - 1
        at = self.places
        if not len(at):
            return []
        is_, right, gap = self.numbers[at], self.right[at], self.difference[at]
        low = reading.ends[0]
        real = shape(self.hypothesis.candidate.name)(self.x[at]) / self.hypothesis.step.value
        free = np.rint(np.clip(real, -1e9, 1e9)).astype(np.int64) + self.output.zero_point
        wrapped = (free - low) % full + low
        found: list[Slip] = []
        left = np.ones(len(at), dtype=np.bool_)

        def add(which: np.typing.NDArray[np.bool_], text: str) -> None:
            which = which & left
            if which.any():
                first = int(np.flatnonzero(which)[0])
                shown = f"{text}: {right[first]} stands as {is_[first]}"
                found.append(Slip(shown, at[which]))
                left[which] = False

        add((free != right) & (is_ == wrapped), "wraps around where it should saturate")
        add((np.abs(gap) == half) & (right < 0), "the sign bit is lost")
        add((np.abs(gap) == half) & (right >= 0), "the sign bit is set where it should not be")
        add(np.abs(gap) == full, "a negative code is read as an unsigned number")
        add((is_ == -right) & (np.abs(right) > 1) & (right < 0), "the sign is lost")
        add((is_ == -right) & (np.abs(right) > 1), "the sign is turned")
        add((np.abs(gap) > 1) & _power_of_two(is_ ^ right), "one bit is flipped")
        return found

    def tail(self, side: int) -> tuple[Codes, str] | None:
        """The places at one end where the right code is that of the line it tends to, and the line; None if few."""
        line = self.hypothesis.candidate.function.ends[side]
        if line is None:
            return None
        real = (float(line.slope) * self.x + float(line.intercept)) / self.hypothesis.step.value
        codes = rounded(real, self.output.zero_point, self.output.ends, self.hypothesis.mode)
        same = codes == self.right
        if side:
            same = same[::-1]
        length = self.count if same.all() else int(same.argmin())
        if self.hypothesis.mode != "nearest" or length < 3:
            return None
        places = np.arange(self.count)
        return (places[-length:] if side else places[:length]), str(line)

    @cached_property
    def is_relu(self) -> bool:
        """Whether the table is plain ReLU between its formats, in every entry."""
        found = self.hypothesis
        low, high = allowed(self.numbers, found.level, found.view.reading.ends, "nearest")
        real = np.maximum(self.x, 0) / found.step.value
        slack = 1e-12 * np.maximum(1, np.abs(real))
        return bool(((real >= low - slack) & (real <= high + slack)).all())

    @property
    def span(self) -> float:
        """The range of the right codes."""
        return float(max(int(self.right.max() - self.right.min()), 1))

    @cached_property
    def core(self) -> Codes:
        """The places that lie in no tail; all of them if they are few."""
        inside = np.ones(self.count, dtype=np.bool_)
        for side in (0, 1):
            if tail := self.tail(side):
                inside[tail[0]] = False
        places = np.flatnonzero(inside)
        return places if len(places) >= 8 else np.arange(self.count)

    @cached_property
    def near(self) -> bool:
        """Whether the table is this function at all: most of its core is right, but for slips, or all is close."""
        if int(np.abs(self.difference).max()) <= max(2, 0.01 * self.span):
            return True
        strange = self.difference != 0
        for slip in self.slips():
            if len(slip.places) > 4:
                strange[slip.places] = False
        if np.count_nonzero(strange) > 0.5 * self.count:
            return False
        return int(np.count_nonzero(strange[self.core])) <= 0.5 * len(self.core)


def _power_of_two(values: Codes) -> np.typing.NDArray[np.bool_]:
    size = np.abs(values)
    found: np.typing.NDArray[np.bool_] = (size > 0) & (size & (size - 1) == 0)
    return found


def _moved(function: Function, shift: Fraction) -> Function:
    """The function of x - shift."""
    by = fraction(shift)

    def parts(x: object) -> Parts:
        return function.at(x - by)  # type: ignore[operator]

    return Function(f"{function.name} moved", function.formula, function.source, "none", parts)
