"""The search: functions times orders times zero points times scales, ranked by how shortly each explains the table.

The measure is a length in bits (minimum description length): what it takes to name the function, the scales and the
order, and to list the entries that differ. A nice scale is short, a wrong entry costs about ten bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gelugen.audit.fitting import Fit, Fitter
from gelugen.audit.reading import Table
from gelugen.audit.scales import MODES, Mode, Nice, allowed, most_covered, nice_numbers, plain, rounded
from gelugen.audit.shapes import Candidate, Reals, candidates
from gelugen.audit.views import View, views
from gelugen.formats import Codes, Format

_SHIFT: dict[Mode, float] = {"nearest": 0.0, "floor": -0.5, "truncate": 0.0, "ceil": 0.5}
_MODE_BITS: dict[Mode, float] = {"nearest": 0.0, "floor": 4.0, "truncate": 4.0, "ceil": 7.0}
_ENOUGH = 4096
"""Entries at which scales are tried; the final count takes all."""
_FAR = 40.0
"""Bits by which an explanation may be longer than the best and still be told."""
_WIDEST = 2.0**14
"""x from the first to the last entry past which a scale counts as without an end."""


@dataclass(frozen=True)
class Given:
    """What is known of a table, and need not be searched.

    Attributes:
        function: in the notation of the catalogue.
        input, output: the formats.
        order: one of ``views.ORDERS``.
    """

    function: str | None = None
    input: Format | None = None
    output: Format | None = None
    order: str | None = None

    def candidates(self) -> Sequence[Candidate]:
        """The functions to try."""
        if self.function is None:
            return candidates()
        free = self.function.partition(":")[0] in ("relu", "leaky_relu", "heaviside")
        return (Candidate(self.function, 0.0, free and self.input is None),)

    def zero(self, view: View) -> float | None:
        """The place of x = 0, where the input is given."""
        if self.input is None:
            return None
        first = view.first_code if self.input.signed or view.order == "codes" else 0
        return float(self.input.zero_point - first)


@dataclass(frozen=True)
class Hypothesis:
    """What a table may be.

    Attributes:
        candidate: the function.
        view: the numbers for rising x.
        zero: the place of x = 0 among them; half a place where it lies between two.
        level: the output code of y = 0.
        mode: how y / step was rounded.
        scale: x from one entry to the next.
        step: y from one output code to the next.
        scale_range, step_range: from where to where they give the same entries (each with the other as it is best);
            None where not known.
        wrong: places that differ, by doubles.
        bits: the length of the whole explanation.
    """

    candidate: Candidate
    view: View
    zero: float
    level: int
    mode: Mode
    scale: Nice
    step: Nice
    scale_range: tuple[float, float] | None
    step_range: tuple[float, float] | None
    wrong: int
    bits: float


def search(table: Table, given: Given) -> list[Hypothesis]:
    """What a table may be, the shortest explanation first; one for each function that comes near.

    Args:
        table: what was read.
        given: what is known.
    """
    bits, signed = (given.output.bits, given.output.signed) if given.output else (None, None)
    fitters = []
    for view in views(table, given.order, bits, signed)[:6]:
        scale = given.input.scale if given.input else None
        fitters.append(Fitter(view, given.zero(view), scale))
    starts = [(fitter, fit) for fitter in fitters for each in given.candidates() for fit in fitter.starts(each)]
    starts.sort(key=lambda each: each[1].error + 0.02 * each[1].view.cost)
    refined = [fitter.refine(fit) for fitter, fit in _near(starts, 28)]
    refined.sort(key=lambda each: each.error + 0.01 * each.view.cost)
    if not refined:
        return []
    least = refined[0].error
    found: dict[tuple[str, str], Hypothesis] = {}
    limit = math.inf
    for number, fit in enumerate(refined[:16]):
        if fit.error > (2.0 * least + 0.6 if number < 5 else 1.3 * least + 0.3):
            continue
        best = _settle(fit, given, limit)
        if best is None:
            continue
        limit = min(limit, best.bits)
        key = (best.candidate.name, best.view.order)
        if key not in found or best.bits < found[key].bits:
            found[key] = best
    return sorted(found.values(), key=lambda each: each.bits)


def _near(starts: list[tuple[Fitter, Fit]], most: int) -> list[tuple[Fitter, Fit]]:
    """The starts worth a closer look: the best, the best of each view, and plain ReLU, which is asked for most."""
    kept = starts[:most]
    views_kept = {id(fitter) for fitter, _ in kept}
    lines = 0
    for fitter, fit in starts[most:]:
        if id(fitter) not in views_kept or (fit.candidate.name == "relu" and lines < 2):
            views_kept.add(id(fitter))
            lines += fit.candidate.name == "relu"
            kept.append((fitter, fit))
    return kept


# -- integers and scales ---------------------------------------------------------------------------------------


class _Trial:
    """One function on one view, with its zeros and its rounding."""

    def __init__(self, fit: Fit, given: Given, zero: float, level: int, mode: Mode, whole: bool = False) -> None:
        self.fit, self.given, self.zero, self.level, self.mode = fit, given, zero, level, mode
        view = fit.view
        count = len(view)
        if whole or count <= _ENOUGH:
            at = np.arange(count)
        else:
            at = np.unique(np.linspace(0, count - 1, _ENOUGH // 2).round().astype(np.int64))
        self.at, self.numbers = at.astype(np.float64) - zero, view.numbers[at]
        self.ends = view.reading.ends
        self.low, self.high = allowed(self.numbers, level, self.ends, mode)

    def values(self, scale: float) -> Reals:
        return self.fit.candidate.shape(self.at * scale)

    def covered(self, scale: float) -> tuple[int, float, float]:
        """How many entries can be right at a scale, and the output steps for it, from and to."""
        values = self.values(scale)
        if self.given.output is not None:
            step = self.given.output.scale
            return len(self.numbers) - self.wrong(values, step), step, step
        right, least, most = most_covered(values, self.low, self.high)
        return right, 1 / most, 1 / least

    def wrong(self, values: Reals, step: float) -> int:
        """How many entries differ."""
        return int(np.count_nonzero(self.made(values, step) != self.numbers))

    def made(self, values: Reals, step: float) -> Codes:
        """The codes for values of the function; where a value is a tie, the table's own of the two."""
        real = values / step
        codes = rounded(real, self.level, self.ends, self.mode)
        if self.mode != "nearest":
            return codes
        tie = np.abs(real - np.floor(real) - 0.5) <= 1e-12 * np.maximum(1.0, np.abs(real))
        if tie.any():
            floor = np.floor(np.where(tie, real, 0.0)).astype(np.int64) + self.level
            codes = np.where(tie & ((self.numbers == floor) | (self.numbers == floor + 1)), self.numbers, codes)
        return codes

    def scan(self, scale: float, widths: tuple[float, ...]) -> tuple[int, float]:
        """The scale near one given at which most entries can be right, with steps of smaller and smaller width."""
        if self.given.input is not None or self.fit.candidate.scale_free:
            return self.covered(scale)[0], scale
        best, at = self.covered(scale)[0], scale
        if best == len(self.numbers):
            return best, at
        for width in widths:
            middle = at
            for offset in (-1.0, -0.8, -0.6, -0.4, -0.2, 0.2, 0.4, 0.6, 0.8, 1.0):
                trial = middle * math.exp(width * offset)
                right = self.covered(trial)[0]
                if right > best:
                    best, at = right, trial
        return best, at

    def interval(self, scale: float, right: int) -> tuple[float, float]:
        """From which scale to which so many entries can be right."""
        count = len(self.fit.view)

        def end(sign: int) -> float:
            inside, reach = scale, 1e-5
            while True:
                outside = scale * math.exp(sign * reach)
                if self.covered(outside)[0] < right:
                    break
                inside, reach = outside, reach * 2
                if outside * count > _WIDEST:
                    return math.inf
                if outside * count < 1e-3:
                    return 0.0
            for _ in range(14):
                middle = math.sqrt(inside * outside)
                if self.covered(middle)[0] >= right:
                    inside = middle
                else:
                    outside = middle
            return inside

        return end(-1), end(1)


def _zeros(fit: Fit) -> list[float]:
    """Places of x = 0 to try: whole ones, the half ones of a linspace, the middle."""
    count = len(fit.view)
    near = {float(round(fit.zero)), float(math.floor(fit.zero)), float(math.ceil(fit.zero))}
    near |= {round(2 * fit.zero) / 2}
    near |= {each for each in (count / 2, (count - 1) / 2, 0.0) if abs(each - fit.zero) < 1.1}
    if fit.candidate.name == "exp" and fit.zero > count - 1:  # only the last x need be 0
        near.add(count - 1.0)
    near = {each for each in near if each == int(each) or each in ((count - 1) / 2, -0.5)}
    return sorted(near, key=lambda each: abs(each - fit.zero) + (0 if each in (count / 2, 0.0) else 0.15))[:4]


def _trials(fit: Fit, given: Given) -> Iterator[_Trial]:
    zero_given = given.zero(fit.view)
    zeros = _zeros(fit) if zero_given is None else [zero_given]
    low, high = fit.view.reading.ends
    if fit.candidate.straight and zero_given is None:
        fit = _at_whole_level(fit)
        zeros = [fit.zero]
    for mode in MODES:
        if given.output is not None:
            levels = [given.output.zero_point]
        else:
            level = fit.level - _SHIFT[mode]
            near = {round(level), math.floor(level + 0.35), math.ceil(level - 0.35)}
            near |= {each for each in (0, low) if abs(each - level) < 0.9}
            levels = sorted((each for each in near if low <= each <= high), key=lambda each: abs(each - level))[:2]
        for zero in zeros:
            for level in levels:
                yield _Trial(fit, given, zero, level, mode)


def _at_whole_level(fit: Fit) -> Fit:
    """A straight line with x = 0 at a place at which its level is about an integer, near the middle."""
    places = np.arange(len(fit.view), dtype=np.float64)
    levels = fit.level + fit.gain * fit.scale * (places - fit.zero)
    rest = np.abs(levels - np.rint(levels))
    inside = (levels > fit.view.reading.ends[0] - 0.5) & (levels < fit.view.reading.ends[1] + 0.5)
    cost = np.where(rest < 0.06, 0.0, 1e6 * rest) + np.abs(places - fit.zero) + np.where(inside, 0.0, 1e9)
    at = int(cost.argmin())
    return replace(fit, zero=float(places[at]), level=float(levels[at]))


def _settle(fit: Fit, given: Given, limit: float) -> Hypothesis | None:
    """The best whole zeros, rounding and scales for a function; None if it is far longer than a limit in bits."""
    start = given.input.scale if given.input else fit.scale
    wide = len(fit.view) > 1024
    rated: list[tuple[float, int, float, _Trial]] = []
    for trial in _trials(fit, given):
        right, scale = trial.scan(start, (1e-4,) if wide else (3e-3,))
        if rated and trial.mode != "nearest" and min(each[0] for each in rated) < 20:
            break
        rated.append(_rated(trial, right, scale))
    if not rated:
        return None
    rated.sort(key=lambda each: each[0])
    if rated[0][0] > 3 * limit + 2 * len(fit.view):
        return None
    if rated[0][1] < len(fit.view):
        widths = (1e-2, 1e-3, 1e-4, 1e-5) if wide else (0.25, 6e-2, 1e-2, 2e-3, 3e-4)
        usual = [each for each in rated[3:] if each[3].mode == "nearest" and each[3].level in (0, each[3].ends[0])]
        again = [(trial, *trial.scan(scale, widths)) for _, _, scale, trial in [*rated[:3], *usual[:1]]]
        rated = sorted((_rated(*each) for each in again), key=lambda each: each[0])
    if rated[0][0] > limit + _FAR:
        return None
    chosen = [each for each in rated[:2] if each[0] < rated[0][0] + _FAR]
    chosen += [each for each in rated[2:] if each[3].mode == "nearest" and rated[0][1] < len(fit.view)][:1]
    found = [_finish(trial, right, scale) for _, right, scale, trial in chosen]
    return min(found, key=lambda each: each.bits)


def _rated(trial: _Trial, right: int, scale: float) -> tuple[float, int, float, _Trial]:
    """A trial with about how many bits it takes."""
    bits = _MODE_BITS[trial.mode] + _zero_bits(trial)
    if right < len(trial.numbers):
        _, low, high = trial.covered(scale)
        step = math.sqrt(max(low, 1e-30) * min(high, 1e30))
        bits += _wrong_bits(trial.made(trial.values(scale), step), trial.numbers)
    return bits, right, scale, trial


def _finish(trial: _Trial, right: int, scale: float) -> Hypothesis:
    """The nicest scales that explain the table about as well as the best ones."""
    given, fit = trial.given, trial.fit
    exact = right == len(trial.numbers)
    scale_range: tuple[float, float] | None = None
    if given.input is not None:
        scales = [Nice(scale, f"{scale:g}", 0.0)]
    elif fit.candidate.scale_free:
        scales = [Nice(1.0, "any", 0.0)]
    else:
        if exact or len(fit.view) <= _ENOUGH:
            scale_range = trial.interval(scale, right)
            low, high = scale_range
        else:
            low = high = scale
        margin = 1e-5 if exact else 0.02  # an end may be a tie, which bisection does not hit
        low, high = max(low * (1 - margin), 1e-3 / len(fit.view)), min(high * (1 + margin), _WIDEST / len(fit.view))
        low, high = (low, high) if low <= high else (scale, scale)
        least, most = scale_range or (scale, scale)
        edge = 1e-3 / len(fit.view)
        scales = [*nice_numbers(low, high, len(fit.view), 8), plain(max(least, edge), max(min(most, high), edge))]
        scales.append(Nice(scale, f"{scale:.7g}", 24.0))
    final = _Trial(fit, given, trial.zero, trial.level, trial.mode, whole=True)
    best: Hypothesis | None = None
    for each in scales:
        found = _with_scale(final, each, exact)
        if best is None or found.bits < best.bits:
            best = found
    assert best is not None  # noqa: S101
    if scale_range is not None and (not exact or len(fit.view) > _ENOUGH):
        scale_range = None
    return replace(best, scale_range=scale_range)


def _with_scale(trial: _Trial, scale: Nice, exact: bool) -> Hypothesis:
    fit, given = trial.fit, trial.given
    values = trial.values(scale.value)
    count = len(trial.numbers)
    right, low, high = trial.covered(scale.value)
    step_range = (low, high) if right == count else None
    if given.output is not None:
        steps = [Nice(given.output.scale, f"{given.output.scale:g}", 0.0)]
    else:
        margin = 1e-9 if exact else 0.01
        steps = nice_numbers(low * (1 - margin), high * (1 + margin), count, 6)
        if low * (1 - margin) <= scale.value <= high * (1 + margin) and not fit.candidate.scale_free:
            steps.append(replace(scale, bits=1.0))
        above, below = trial.ends[1] - trial.level, trial.level - trial.ends[0]
        fitted = max(
            values.max() / above if above > 0 and values.max() > 0 else 0.0,
            -values.min() / below if below > 0 and values.min() < 0 else 0.0,
        )
        if low <= fitted <= high:
            steps.append(Nice(float(fitted), "scale=fit", 5.0))
        steps.append(plain(low, high))
    best: tuple[float, Nice, int] | None = None
    for step in steps:
        made = trial.made(values, step.value)
        bits = step.bits + _wrong_bits(made, trial.numbers)
        if best is None or bits < best[0]:
            best = (bits, step, int(np.count_nonzero(made != trial.numbers)))
    assert best is not None  # noqa: S101
    bits = best[0] + scale.bits + fit.candidate.bits + fit.view.cost + _MODE_BITS[trial.mode] + _zero_bits(trial)
    return Hypothesis(
        candidate=fit.candidate,
        view=fit.view,
        zero=trial.zero,
        level=trial.level,
        mode=trial.mode,
        scale=scale,
        step=best[1],
        scale_range=None,
        step_range=step_range,
        wrong=best[2],
        bits=bits,
    )


def _zero_bits(trial: _Trial) -> float:
    """What it costs to name both zeros: the middle, the first code and 0 cost nothing."""
    count = len(trial.fit.view)
    bits = 0.0
    if trial.given.input is None and trial.zero != count // 2:
        bits += {0.0: 2.0, (count - 1) / 2: 3.0, -0.5: 6.0}.get(trial.zero, math.log2(count) + 2)
    low, high = trial.ends
    if trial.given.output is None and trial.level != 0:
        bits += 1.0 if trial.level == low else math.log2(high - low + 1)
    return bits


def _wrong_bits(made: Codes, numbers: Codes) -> float:
    """What it costs to list the entries that differ, and by how much: one by one, or in runs where that is shorter."""
    difference = numbers - made
    places = np.flatnonzero(difference)
    wrong, count = len(places), len(numbers)
    if not wrong:
        return 0.0
    sizes = 1 + 1.5 * np.log2(1 + np.abs(difference[places]))
    which = math.lgamma(count + 1) - math.lgamma(wrong + 1) - math.lgamma(count - wrong + 1)
    single = which / math.log(2) + math.log2(count) + float(sizes.sum())
    joined = np.diff(places) == 1
    alike = joined & ((np.diff(difference[places]) == 0) | (np.diff(numbers[places]) == 0))
    starts = np.concatenate([[True], ~alike])
    lengths = np.diff(np.append(np.flatnonzero(starts), wrong))
    runs = math.log2(count) * len(lengths) + float((1 + 2 * np.log2(lengths)).sum() + sizes[starts].sum())
    return min(single, runs + 1)
