"""The rows of a term in C: how one is found, its words, and what stands where in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, repeat

from gelugen.design import Breakpoints, Dyadic
from gelugen.digits import DIGIT_BITS
from gelugen.emit.c.finding import Finder, finders
from gelugen.emit.c.packing import Array, Field, Packing, Place, forms, packings, plain, word_bits
from gelugen.emit.layout import Layout
from gelugen.pipeline import Range

MOST = 1 << 30
"""What every number of 32 bits on the way stays below."""
DIGITS_A_FIELD = 16
"""So many digits stand side by side."""


@dataclass(frozen=True)
class Part:
    """A column in C: field * factor + base.

    Attributes:
        name: of the column.
        place: where the field stands; None if nothing is stored.
        factor, base: with what is the same in all segments put back.
        reach: what field * factor can be.
    """

    name: str
    place: Place | None
    factor: int
    base: int
    reach: Range

    @property
    def largest(self) -> int:
        """A bound on the magnitude of all that is added."""
        return max(self.reach.largest, abs(self.base))


@dataclass(frozen=True)
class Word:
    """A word of a row.

    Attributes:
        array: where it stands.
        index: its entry there.
        local: the variable that holds it; empty where it is read but once.
        fields: name and width of what it holds, lowest first.
    """

    array: Array
    index: str
    local: str
    fields: tuple[tuple[str, int], ...]

    @property
    def signed(self) -> bool:
        """Whether it has a sign."""
        return self.array.type.startswith("int")


@dataclass(frozen=True)
class Rows:
    """The rows of a term: how one is found, its words, and its parts."""

    finder: Finder
    words: list[Word]
    parts: list[Part]

    @classmethod
    def of(cls, layout: Layout, prefix: str, constant: int) -> Rows:
        """The rows that cost least, among those that take no more bytes than a table for each column would."""
        found = [
            (finder, packing)
            for finder in finders(layout, prefix)
            for packing in packings(_stored(_fields(layout, constant, finder)))
        ]
        most = _separate(layout, found[-1][0])
        some = [pair for pair in found if _bytes(*pair) <= most] or found[-1:]
        finder, packing = min(some, key=lambda pair: (pair[0].cost + pair[1].cost, _bytes(*pair)))
        fields = list(_fields(layout, constant, finder))
        stored = _stored(fields)
        packing = packing.repeated(finder.served)
        places = {each.name: packing.place(at) for at, each in enumerate(stored)}
        chosen = {each.name: packing.chosen[at] for at, each in enumerate(stored)}
        parts = []
        for each in fields:
            form = chosen.get(each.name, each.forms[-1])
            parts.append(Part(each.name, places.get(each.name), form.factor, form.base, form.reach))
        return cls(finder, _words(packing, finder, layout, prefix, [each.name for each in stored]), parts)


def _stored(fields: Iterable[Field]) -> tuple[Field, ...]:
    """Those that are not the same in all segments."""
    return tuple(each for each in fields if each.forms[0].width)


def _bytes(finder: Finder, packing: Packing) -> int:
    return finder.bytes + len(finder.served) * packing.row


def _separate(layout: Layout, finder: Finder) -> int:
    """The bytes of a table for each column, and of comparisons to find an entry."""
    term, depth = layout.term, layout.depth
    widths = [DIGIT_BITS * sum(bool(each.width) for each in term.coefficients[1:])] if term.digits else []
    widths += [each.width for each in (term.coefficients[:1] if term.digits else term.coefficients)]
    widths += [4] if _lengths(layout) else []
    widths += [16] if isinstance(term.map, Breakpoints) and term.degree and finder.kind == "counted" else []
    full = [32] * sum(width // 32 for width in widths) + [width % 32 for width in widths if width % 32]
    return finder.bytes + depth * sum(word_bits(width) for width in full) // 8


def _lengths(layout: Layout) -> tuple[int, ...]:
    """By how many bits each leaf of a binary split is shorter than the longest; () if none is or no one asks."""
    term = layout.term
    if not isinstance(term.map, Dyadic) or term.map.about is not None or not (term.degree or term.digits):
        return ()
    shorter = tuple(term.dx_bits - leaf for leaf in term.map.leaves[: layout.depth])
    return shorter if any(shorter) else ()


def _fields(layout: Layout, constant: int, finder: Finder) -> Iterator[Field]:
    """What a segment has, the coefficients first."""
    term = layout.term
    for power, each in enumerate(term.coefficients[: term.degree + 1]):
        more = 0 if power else constant
        yield Field(f"c{power}", forms(tuple((each.base + value << each.drop) + more for value in each.values), MOST))
    if term.digits:
        columns = [each.values for each in term.coefficients[1:] if each.width]
        for start in range(0, len(columns), DIGITS_A_FIELD):
            some = enumerate(columns[start : start + DIGITS_A_FIELD])
            moved = [[(value + 1) % 4 << DIGIT_BITS * at for value in column] for at, column in some]
            stored = tuple(map(sum, zip(*moved, strict=True)))
            yield Field(f"d{start // DIGITS_A_FIELD}", (plain(stored),), alone=True)
    if shorter := _lengths(layout):
        yield Field("up", (plain(shorter),))
    if isinstance(term.map, Breakpoints) and term.degree and not finder.start:
        yield Field("origin", forms(tuple(start + layout.half for start in layout.starts), MOST)[:1])


def _kept(fields: tuple[tuple[str, int], ...]) -> bool:
    """Whether a word is read once for several fields, or several digits."""
    return len(fields) > 1 or fields[0][0].startswith("d")


def _words(packing: Packing, finder: Finder, layout: Layout, prefix: str, names: list[str]) -> list[Word]:
    """The words of a row: in one array where all are of one type, else each in its own."""
    values, several = [packing.values(word) for word in range(len(packing.words))], len(packing.words) > 1
    index = f"i{layout.suffix}" if len(finder.served) > 1 else "0"
    held = [tuple((names[each], packing.chosen[each].width) for each in fields) for fields in packing.words]
    numbers = count() if sum(map(_kept, held)) > 1 else repeat("")
    between = "_" if layout.suffix and sum(map(_kept, held)) > 1 else ""
    locals_ = [f"row{layout.suffix}{between}{next(numbers)}" if _kept(fields) else "" for fields in held]
    if several and packing.shared:
        type_ = f"{'' if any(min(each) < 0 for each in values) else 'u'}int{packing.bits[0]}_t"
        together = tuple(value for row in zip(*values, strict=True) for value in row)
        array = Array(f"{prefix}rows", type_, packing.bits[0] // 8 * len(together), together)
        first = f"{len(values)}u * {index}"
        places = [f"{first} + {at}u" if at else first for at in range(len(values))]
        return [Word(array, *each) for each in zip(places, locals_, held, strict=True)]
    found = []
    for at, (fields, bits, local) in enumerate(zip(held, packing.bits, locals_, strict=True)):
        name = fields[0][0] if len(fields) == 1 else f"rows{local.removeprefix(f'row{layout.suffix}{between}')}"
        found.append(Word(Array.of(f"{prefix}{name}", values[at], bits, min(values[at]) < 0), index, local, fields))
    return found
