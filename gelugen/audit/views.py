"""How the words of a table may be meant: as which numbers, and in which order of the input codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gelugen.audit.reading import Table
from gelugen.errors import GelugenError, short
from gelugen.formats import MAX_BITS, Codes

ORDERS = ("offset", "low_bits", "offset-reversed", "low_bits-reversed")
"""``offset``: entry i is for input code code_min + i. ``low_bits``: entry i is for the code whose bits are i, so that
negative codes of two's complement come last. Each from its other end where reversed."""
_ROUGH, _WRAPPED = 1.3, 0.6


@dataclass(frozen=True)
class Reading:
    """Words as numbers.

    Attributes:
        numbers: int64, one a word.
        bits, signed: of an output code.
        slip: what went wrong if this reading is right, else empty.
        cost: in bits: how unusual the reading is.
        notation: whether the slip is but one of notation: unsigned decimals in a file without types.
    """

    numbers: Codes
    bits: int
    signed: bool
    slip: str = ""
    cost: float = 0.0
    notation: bool = False

    @property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest code."""
        return (-(1 << self.bits - 1), (1 << self.bits - 1) - 1) if self.signed else (0, (1 << self.bits) - 1)


@dataclass(frozen=True, eq=False)
class View:
    """A reading in an order: the numbers for rising x.

    Attributes:
        reading: how words are numbers.
        order: one of ``ORDERS``, or ``rotated:K`` with the entry K of the smallest code, or ``codes``.
        places: the index in the file, for each place of rising x.
        numbers: the numbers at these places.
        target: what is fitted: the numbers, or, where they seem to wrap, the numbers without it.
        first_code: the signed input code of the first place.
        cost: in bits: how unusual all of it is.
        padding: words at the end of the file that do not belong to the table.
        repeat: how many times every word stands in the file, one after another.
        left_out: how many words at the end, all of them zero, are not in the file.
    """

    reading: Reading
    order: str
    places: Codes
    numbers: Codes
    target: Codes
    first_code: int
    cost: float
    padding: int = 0
    repeat: int = 1
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.numbers)


def readings(table: Table, bits: int | None = None, signed: bool | None = None) -> list[Reading]:
    """All ways to take the words as numbers, the given width and signedness alone where they are given."""
    words = table.words
    low, high = int(words.min()), int(words.max())
    declared = table.bits if table.bits is not None and table.bits <= MAX_BITS else None
    found: list[Reading] = []
    if low < 0:
        needed = max(int(high).bit_length(), int(-low - 1).bit_length()) + 1
        found.append(Reading(words, bits or _width(words, declared, needed, signed=True), True))
    else:
        _add_bare(found, table, declared)
    if bits is not None or signed is not None:
        found = _restricted(found, words, bits, signed)
    return found


def _restricted(found: list[Reading], words: Codes, bits: int | None, signed: bool | None) -> list[Reading]:
    kept = [
        Reading(each.numbers, bits or each.bits, each.signed if signed is None else signed, each.slip, each.cost)
        for each in found
        if signed is None or each.signed == signed or each.numbers.min() >= 0
    ]
    fitting = [each for each in kept if each.ends[0] <= each.numbers.min() and each.numbers.max() <= each.ends[1]]
    return fitting or kept[:1] or [Reading(words, bits or MAX_BITS, bool(signed))]


def _width(words: Codes, declared: int | None, needed: int, signed: bool) -> int:
    """The width of the output codes: the declared one, but a narrower one at whose ends the words stay."""
    needed = max(needed, 4)
    top = (1 << needed - signed) - 1
    saturated = int(np.count_nonzero(words == top)) > 1 or (signed and int(words.min()) == -top - 1)
    if saturated and needed >= 7:
        return needed
    usual = next((width for width in (8, 16) if needed <= width), MAX_BITS)
    return declared if declared is not None and declared >= needed else usual


def _add_bare(found: list[Reading], table: Table, declared: int | None) -> None:
    """Words without a sign: plain, or two's complement at some width."""
    words = table.words
    high = int(words.max())
    length = max(high.bit_length(), 4)
    plain_width = min(max(declared or 0, length), MAX_BITS)
    written_as_numbers = table.signed is True or (table.bits is None and table.signed is None)
    if table.signed is True:
        found.append(Reading(words, _width(words, declared, high.bit_length() + 1, signed=True), True))
    elif declared is None and length <= 7:
        found.append(Reading(words, 8, True))
    else:
        usual = plain_width if declared else next(width for width in (8, 16) if length <= width)
        found.append(Reading(words, usual, False, cost=0.0 if table.signed is False else 1.0))
    widths = {width for width in (declared, length, 8, 10, 12, 14, 16) if width is not None and width >= length}
    for width in sorted(widths):
        half = 1 << width - 1
        if not half <= high < 2 * half:
            if width == declared and table.signed is None:
                found.append(Reading(words, _width(words, declared, length + 1, signed=True), True, cost=0.5))
            continue
        numbers = np.where(words >= half, words - 2 * half, words)
        slip, cost = "", 0.5
        if table.signed is not None or written_as_numbers:
            slip, cost = f"negative codes stand as unsigned numbers: {2 * half - 1} is meant as -1", 4.0
            if table.signed is False:
                slip, cost = "", 1.0
        narrow = declared is not None and width < declared - table.spare
        if narrow:
            slip = f"sign extension is missing: words of {declared} bits hold codes of {width} bits, negative ones too"
            cost = 6.0
        notation = table.signed is None and not narrow
        found.append(Reading(numbers, width, True, slip, cost, notation))
        magnitude = np.where(words >= half, half - words, words)
        found.append(Reading(magnitude, width, True, "words are sign and magnitude, not two's complement", 12.0))
    if declared == 16 or length > 8:
        swapped = (words & 0xFF) << 8 | words >> 8
        swapped = np.where(swapped >= 1 << 15, swapped - (1 << 16), swapped)
        found.append(Reading(swapped, 16, True, "the two bytes of every word are swapped", 16.0))


def views(table: Table, order: str | None = None, bits: int | None = None, signed: bool | None = None) -> list[View]:
    """The views worth a search, the smoothest first: a table of a function has no jumps in the right one.

    Args:
        table: what was read.
        order: the only order to take.
        bits: the width of an output code, where it is given.
        signed: its signedness, where it is given.
    """
    if order is not None and order not in ORDERS:
        raise GelugenError(f"order {short(order)} is not known: it must be one of {', '.join(ORDERS)}")
    found: list[tuple[float, View]] = []
    for length in _lengths(table):
        part = replace(table, words=table.words[:length])
        for reading in readings(part, bits, signed):
            for rough, view in _ordered(part, reading, order):
                padding = len(table.words) - length
                found.append((rough, replace(view, padding=padding, cost=view.cost + 12.0) if padding else view))
    if table.codes is None and (full := _full(len(table.words))) is not None:
        part = table.filled(full)
        for reading in readings(part, bits, signed):
            found += [(rough, replace(view, cost=view.cost + 4.0)) for rough, view in _ordered(part, reading, order)]
    repeat = _repeat(table)
    if repeat > 1:
        for reading in readings(table, bits, signed):
            part = replace(table, words=table.words[::repeat])
            short_reading = replace(reading, numbers=reading.numbers[::repeat])
            for rough, view in _ordered(part, short_reading, order):
                found.append((rough, replace(view, repeat=repeat, cost=view.cost + 8.0)))
    least = min(rough for rough, _ in found)
    kept = [(rough, view) for rough, view in found if rough <= _ROUGH * least + 8]
    smooth = [(rough, view) for rough, view in kept if view.target is view.numbers]
    if any(rough <= 1.1 * least and not view.order.startswith("rotated") for rough, view in smooth):
        kept = smooth  # nothing need have wrapped
    kept.sort(key=lambda each: each[0] + each[1].cost)
    return [view for _, view in kept]


def _lengths(table: Table) -> list[int]:
    """How many words may belong to the table: all, or a power of two before words that are all the same."""
    words = table.words
    if table.codes is not None:
        return [len(words)]
    same = np.flatnonzero(words != words[-1])
    last = int(same[-1]) + 1 if len(same) else len(words)
    powers = [1 << k for k in range(4, 17)]
    shorter = [each for power in powers for each in (power, power + 1) if last <= each <= len(words) // 2 + 1]
    return [len(words), *[each for each in shorter if each < len(words)][:2]]


def _full(count: int) -> int | None:
    """How many words a table had before its last zeros were left out: a power of two; None if it has no need."""
    return None if (count & (count - 1)) * (count - 1 & (count - 2)) == 0 else 1 << count.bit_length()


def _repeat(table: Table) -> int:
    """How many times every word stands one after another: a power of two."""
    words, times = table.words, 1
    if table.codes is not None:
        return 1
    while len(words) % 2 == 0 and len(words) >= 32 and (words[::2] == words[1::2]).all():
        words, times = words[::2], 2 * times
    return times if len(np.unique(words)) > 8 else 1


def _ordered(table: Table, reading: Reading, order: str | None) -> Iterator[tuple[float, View]]:
    """The views of a reading, each with its roughness."""
    for rough, view in _in_orders(table, reading, order):
        yield rough, replace(view, left_out=table.left_out) if table.left_out else view


def _in_orders(table: Table, reading: Reading, order: str | None) -> Iterator[tuple[float, View]]:
    count = len(reading.numbers)
    if table.codes is not None and order is None:
        places = np.argsort(table.codes)
        yield _rated(reading, "codes", places, int(table.codes.min()), 0.0)
        return
    half = count // 2
    if order is not None:
        yield _rated(reading, order, order_places(count, order), -half, 0.0)
        return
    costs = (0.0, 0.5, 8.0, 9.0)
    rated = [
        _rated(reading, name, order_places(count, name), -half, cost)
        for name, cost in zip(ORDERS, costs, strict=True)
        if name.startswith("offset") or count % 2 == 0
    ]
    steps = np.abs(reading.numbers - np.roll(reading.numbers, 1))
    cut = int(steps.argmax())
    if cut not in (0, half) and steps[cut] - max(steps[0], steps[half]) > 0.2 * (steps.sum() - steps[cut]):
        places = np.roll(np.arange(count), -cut)
        rated.append(_rated(reading, f"rotated:{cut}", places, -half, 14.0))
    yield from rated


def order_places(count: int, order: str) -> Codes:
    """For rising x the index in the file, of one of ``ORDERS``."""
    places = np.arange(count, dtype=np.int64)
    if order.startswith("low_bits"):
        places = np.roll(places, count // 2)
    return places[::-1].copy() if order.endswith("-reversed") else places


def _rated(reading: Reading, order: str, places: Codes, first: int, cost: float) -> tuple[float, View]:
    """A view with its roughness: its total variation, or that without wraps if this is far less."""
    numbers = reading.numbers[places]
    rough = float(np.abs(np.diff(numbers)).sum())
    target = numbers
    period = 1 << reading.bits - 1
    unwrapped = np.unwrap(numbers, period=period).astype(np.int64)
    if np.abs(np.diff(unwrapped)).sum() < _WRAPPED * rough and len(np.unique(numbers)) > 6:
        shift = np.bincount((unwrapped - numbers) // period - ((unwrapped - numbers) // period).min()).argmax()
        shift += ((unwrapped - numbers) // period).min()
        target = unwrapped - shift * period
        cost += 10.0
    view = View(reading, order, places, numbers, target, first, cost + reading.cost)
    return float(np.abs(np.diff(target)).sum()) + 0.02 * rough, view
