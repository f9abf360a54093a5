"""Codes through the harness of a C program: scalar function, array function, in place; any length, any alignment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gelugen.bank import Bank
from gelugen.cores.image import DRIVES, ENDINGS, RESULTS
from gelugen.emit.c import container
from gelugen.emit.rendering import render
from gelugen.formats import Codes
from gelugen.units import Unit
from gelugen.verify.verdict import Verdict, sample

__all__ = ["DRIVES", "ENDINGS", "RESULTS", "STRICT", "Sweep", "tables_of"]

STRICT = ("-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-pedantic", "-Werror")
"""Warnings, all of them errors."""

LENGTHS = (*range(1, 25), 200)
"""Codes of the blocks, over and over: 25 lengths, so that each meets each of the 16 pairs of places."""
PLACES = 4
"""Places in a buffer, codes from its aligned start, at which a block's inputs and its outputs start."""
_ALL = sum(LENGTHS) * PLACES * PLACES
_EDGE, _UNTOUCHED = 16, 85


@dataclass(frozen=True)
class Sweep:
    """Every code of a unit, in blocks; where there are few, over and over, until each length has met each place.

    Attributes:
        unit: what is swept.
        types, result: C types of the codes.
        in_place: the inputs that the output may be written over.
    """

    unit: Unit
    types: tuple[str, ...]
    result: str
    in_place: tuple[int, ...]

    @classmethod
    def of(cls, unit: Unit) -> Sweep:
        """The sweep of a unit."""
        types, result = tuple(container(form) for form in unit.ports.values()), container(unit.output)
        single = int(isinstance(unit, Bank))  # one select for all codes of the array function
        return cls(unit, types, result, tuple(at for at, type_ in enumerate(types) if type_ == result and at >= single))

    @property
    def rounds(self) -> int:
        """How many results there are of a code: scalar, array, in place."""
        return 2 + len(self.in_place)

    def harness(self, name: str) -> str:
        """The program, whose ``main`` reads the drives."""
        inputs = [f"gelugen__in{at}" for at in range(len(self.types))]
        selects = isinstance(self.unit, Bank)
        return render(
            "c/harness.c.j2",
            name=name,
            types=self.types,
            result=self.result,
            in_place=self.in_place,
            longest=max(LENGTHS),
            edge=_EDGE,
            span=max(LENGTHS) + PLACES + 2 * _EDGE,
            untouched=_UNTOUCHED,
            scalars=[f"{each}[gelugen__first_in + i]" for each in inputs],
            arrays=[
                f"{each}[gelugen__first_in]" if selects and not at else f"{each} + gelugen__first_in"
                for at, each in enumerate(inputs)
            ],
        )

    def write(self, work: Path, name: str) -> Path:
        """The program in a folder."""
        path = work / "harness.c"
        path.write_text(self.harness(name))
        return path

    def runs(self, window: int = 0) -> Iterator[tuple[bytes, int]]:
        """What a program reads in a run, and how many bytes it then writes.

        Args:
            window: the bytes that a run can take; 0 if one takes all.
        """
        codes = [each.astype(_dtype(type_)) for each, type_ in zip(self._codes(), self.types, strict=True)]
        head, end = 4, bytes((0, 0, 0, 1))
        wide, results = sum(each.itemsize for each in codes), _dtype(self.result).itemsize * self.rounds
        parts: list[bytes] = []
        room, size = window - len(end), 0
        for number, (start, stop) in enumerate(self._blocks()):
            room -= head + (stop - start) * wide
            if window and room < 0:
                yield b"".join((*parts, end)), size
                parts, size, room = [], 0, window - len(end) - head - (stop - start) * wide
            parts.append(bytes((stop - start, number % PLACES, number // PLACES % PLACES, 0)))
            parts += [each[start:stop].tobytes() for each in codes]
            size += (stop - start) * results
        yield b"".join((*parts, end)), size

    @property
    def size(self) -> int:
        """Bytes of results of all runs."""
        return len(self._codes()[0]) * self.rounds * _dtype(self.result).itemsize

    def verdict(self, tool: str, results: bytes, start: float, note: str = "") -> Verdict:
        """Compare what came back; a note says that the program did not end well."""
        drives = self.unit.stimulus()
        total = len(drives[0])
        if note or len(results) != self.size:
            said = note or f"it wrote {len(results)} of {self.size} bytes"
            return Verdict(tool, "fail", total, seconds=time.monotonic() - start, note=said)
        expected, got = self.unit.eval(*drives), self._sorted(np.frombuffer(results, _dtype(self.result)))
        wrong = (got != expected).any(axis=(0, 1))
        first = None
        if wrong.any():
            at = int(wrong.argmax())
            first = sample(drives, at), int(expected[at]), next(int(y) for y in got[..., at].flat if y != expected[at])
        mismatches, seconds = int(wrong.sum()), time.monotonic() - start
        return Verdict(tool, "fail" if mismatches else "pass", total, total, mismatches, first, seconds)

    def _sorted(self, results: Codes) -> Codes:
        """Results by round, repetition, code."""
        rows = np.empty((self.rounds, len(self._codes()[0])), np.int64)
        for start, end in self._blocks():
            block = results[start * self.rounds : end * self.rounds]
            rows[:, start:end] = block.reshape(self.rounds, end - start)
        return rows.reshape(self.rounds, -1, len(self.unit.stimulus()[0]))

    def _codes(self) -> Sequence[Codes]:
        drives = self.unit.stimulus()
        return [np.tile(each, -(-_ALL // len(each))) for each in drives]

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """First code and end of each block; of a bank, of one select."""
        selects = self._codes()[0]
        end_of_all = len(selects)
        changes = np.flatnonzero(np.diff(selects)) + 1 if isinstance(self.unit, Bank) else np.array([], np.int64)
        ends = iter([*changes.tolist(), end_of_all])
        start, number, end_of_run = 0, 0, next(ends)
        while start < end_of_all:
            if start == end_of_run:
                end_of_run = next(ends)
            end = min(start + LENGTHS[number % len(LENGTHS)], end_of_run)
            yield start, end
            start, number = end, number + 1


def _dtype(type_: str) -> np.dtype[np.signedinteger | np.unsignedinteger]:
    """The NumPy type of a C type of codes."""
    return np.dtype(type_.removesuffix("_t")).newbyteorder("<")


def tables_of(folder: Path, name: str) -> list[Path]:
    """What is compiled beside the harness: the tables, where they are not in the header."""
    return sorted(folder.glob(f"{name}.c"))
