"""Rows: what a segment has, side by side in as few words as pay, so that one address serves all of it.

A column can be stored in several forms, all of which give value = stored * factor + base. Which form each column takes,
and which columns share a word, is chosen by a cost in instructions among all that take few enough bytes. Costs are
those of gcc on Cortex-M and RISC-V, rounded: a load with its address, shifts and masks, an addition.

Only the topmost field of a word may be negative: the word is then a signed one, and its floor shift gives the field.
All other fields are unsigned, a base put back where that takes one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from gelugen.pipeline import Range

WORDS = (8, 16, 32)
"""Bits of a word."""
LOAD, TOP, BOTTOM, MIDDLE, BASE = 4, 2, 2, 3, 6
"""Half instructions: a load; a field on top, at the bottom, between others; a base, often a constant to load first."""


@dataclass(frozen=True)
class Array:
    """A table of constants in C."""

    name: str
    type: str
    bytes: int
    values: tuple[int, ...]

    @classmethod
    def of(cls, name: str, values: tuple[int, ...], width: int, signed: bool = False) -> Array:
        """The smallest C type that holds values of some bits."""
        bits = word_bits(width)
        return cls(name, f"{'' if signed else 'u'}int{bits}_t", bits // 8 * len(values), values)


def word_bits(width: int) -> int:
    """The bits of the smallest word that holds so many."""
    return next(size for size in WORDS if width <= size)


@dataclass(frozen=True)
class Form:
    """A way to store a column: value = stored * factor + base.

    Attributes:
        stored: the numbers, one a segment.
        factor, base: what puts the values back.
    """

    stored: tuple[int, ...]
    factor: int = 1
    base: int = 0

    @property
    def signed(self) -> bool:
        """Whether a stored number is negative."""
        return min(self.stored) < 0

    @property
    def width(self) -> int:
        """The bits of a stored number, with its sign if one is negative."""
        return max((each if each >= 0 else ~each).bit_length() for each in self.stored) + self.signed

    @property
    def reach(self) -> Range:
        """What stored * factor can be."""
        return Range(min(self.stored) * self.factor, max(self.stored) * self.factor)


def forms(values: tuple[int, ...], most: int) -> tuple[Form, ...]:
    """The forms of a column of values that differ: as they are, and from the smallest one up.

    Args:
        values: one a segment.
        most: a bound on every magnitude on the way; forms that keep it are preferred.
    """
    if len(set(values)) == 1:
        return (Form((0,) * len(values), 1, values[0]),)
    found = [_form(values, 0), _form(values, min(values))]
    fit = [each for each in found if max(each.reach.largest, abs(each.base)) < most and each.width <= WORDS[-1]]
    fit = fit or [each for each in found if each.width <= WORDS[-1]]
    return tuple(dict.fromkeys(fit))


def plain(values: tuple[int, ...]) -> Form:
    """The form of numbers that are read as they are; none is stored where all are the same."""
    return Form(values) if len(set(values)) > 1 else Form((0,) * len(values), 1, values[0])


def _form(values: tuple[int, ...], base: int) -> Form:
    rest = [value - base for value in values]
    every = 0
    for each in rest:
        every |= each
    factor = every & -every
    return Form(tuple(each // factor for each in rest), factor, base)


@dataclass(frozen=True)
class Field:
    """A column before it has a place.

    Attributes:
        name: of the column.
        forms: which it may have.
        alone: whether it has a word of its own: many digits, each of which is cut out of it.
    """

    name: str
    forms: tuple[Form, ...]
    alone: bool = False


@dataclass(frozen=True)
class Place:
    """Where a field stands.

    Attributes:
        word: the number of the word in its row.
        at: the field's lowest bit.
        mask: of its bits once they are shifted down; 0 where the shift leaves nothing above.
        signed: whether the shift is that of a signed word.
    """

    word: int
    at: int
    mask: int
    signed: bool


@dataclass(frozen=True)
class Packing:
    """A choice of forms and words.

    Attributes:
        chosen: the form of each field.
        words: the fields of each word by their numbers, lowest first.
        bits: of each word.
        cost: in half instructions.
    """

    chosen: tuple[Form, ...]
    words: tuple[tuple[int, ...], ...]
    bits: tuple[int, ...]
    cost: int

    @property
    def row(self) -> int:
        """The bytes of a row."""
        return sum(self.bits) // 8

    @property
    def shared(self) -> bool:
        """Whether all words can be of one type."""
        return _one_type(self.words, self.bits, [(form.width, form.signed) for form in self.chosen])

    def place(self, number: int) -> Place:
        """The place of a field."""
        word, fields = next((at, fields) for at, fields in enumerate(self.words) if number in fields)
        at = sum(self.chosen[each].width for each in fields[: fields.index(number)])
        if fields[-1] == number:
            return Place(word, at, 0, self.chosen[number].signed)
        return Place(word, at, (1 << self.chosen[number].width) - 1, False)

    def values(self, word: int) -> tuple[int, ...]:
        """The words of all rows."""
        columns = [[value << self.place(each).at for value in self.chosen[each].stored] for each in self.words[word]]
        return tuple(map(sum, zip(*columns, strict=True)))

    def repeated(self, served: Sequence[int]) -> Packing:
        """With a row for each of some segments, by their numbers."""
        chosen = tuple(replace(form, stored=tuple(form.stored[each] for each in served)) for form in self.chosen)
        return replace(self, chosen=chosen)


def packings(fields: tuple[Field, ...]) -> tuple[Packing, ...]:
    """All packings of which no other has both fewer bytes and a lower cost, the cheapest in instructions first."""
    best: dict[int, tuple[int, tuple[int, ...], tuple[tuple[int, ...], ...]]] = {}
    shapes = [
        [_Shape(form.width, form.signed, bool(form.base), field.alone) for form in field.forms] for field in fields
    ]
    for choice in product(*(range(len(each.forms)) for each in fields)):
        shape = tuple(shapes[at][number] for at, number in enumerate(choice))
        for row, cost, words in _arrangements(shape):
            if row not in best or (cost, len(words)) < (best[row][0], len(best[row][2])):
                best[row] = cost, choice, words
    found: list[Packing] = []
    for _, (cost, choice, words) in sorted(best.items()):
        if not found or cost < found[-1].cost:
            chosen = tuple(fields[at].forms[number] for at, number in enumerate(choice))
            bits = tuple(word_bits(sum(chosen[each].width for each in word)) for word in words)
            found.append(Packing(chosen, words, bits, cost))
    return tuple(reversed(found))


class _Shape(NamedTuple):
    """What of a form decides where it goes."""

    width: int
    signed: bool
    based: bool
    alone: bool


@lru_cache(maxsize=4096)
def _arrangements(
    shape: tuple[_Shape, ...],
) -> tuple[tuple[int, int, tuple[tuple[int, ...], ...]], ...]:
    """Bytes of a row, cost and words, the cheapest for each number of bytes."""
    best: dict[int, tuple[int, tuple[tuple[int, ...], ...]]] = {}
    for parts in _partitions(tuple(range(len(shape)))):
        words = [_ordered(part, shape) for part in parts]
        if None in words:
            continue
        kept = tuple(word for word in words if word is not None)
        sizes = [word_bits(sum(shape[each].width for each in word)) for word in kept]
        cost = LOAD * len(kept) + sum(map(_extraction, kept)) + sum(BASE for each in shape if each.based)
        row = sum(sizes) // 8
        if row not in best or (cost, len(kept)) < (best[row][0], len(best[row][1])):
            best[row] = cost, kept
    return tuple((row, cost, words) for row, (cost, words) in best.items())


def _ordered(part: tuple[int, ...], shape: tuple[_Shape, ...]) -> tuple[int, ...] | None:
    """The fields of a word, the one with a sign on top; None if they are no word."""
    if sum(shape[each].width for each in part) > WORDS[-1] or sum(shape[each].signed for each in part) > 1:
        return None
    if len(part) > 1 and any(shape[each].alone for each in part):
        return None
    return tuple(sorted(part, key=lambda each: (shape[each].signed, -each)))


def _one_type(words: Sequence[tuple[int, ...]], sizes: Sequence[int], shape: Sequence[tuple[int, bool]]) -> bool:
    """Whether words can be of one type: one with a sign if any has one, where the others leave its bit free."""
    if len(set(sizes)) != 1:
        return False
    negative = [shape[word[-1]][1] for word in words]
    widths = [sum(shape[each][0] for each in word) for word in words]
    return not any(negative) or all(
        signed or width < size for signed, width, size in zip(negative, widths, sizes, strict=True)
    )


def _extraction(word: tuple[int, ...]) -> int:
    return 0 if len(word) == 1 else BOTTOM + TOP + MIDDLE * (len(word) - 2)


def _partitions(some: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """All ways to cut a set into parts."""
    if not some:
        yield []
        return
    first, *rest = some
    for parts in _partitions(tuple(rest)):
        yield [(first,), *parts]
        for at, part in enumerate(parts):
            yield [*parts[:at], (first, *part), *parts[at + 1 :]]
