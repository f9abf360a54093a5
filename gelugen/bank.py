"""Banks: several designs behind one select input, which may change with every sample.

    y  =  eval of the member that select counts, for the code; a select past the last member means the last one

Members that are the same integers (the same function at the same scales, say, in two layers) share one core.
Where all cores are tables of all codes, one table may serve them all, with the number of the core above the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gelugen import accuracy
from gelugen.accuracy import Accuracy
from gelugen.bank_spec import DATA, SELECT, BankSpec
from gelugen.design import Coefficient, Design, Term, Uniform
from gelugen.errors import GelugenError
from gelugen.formats import MAX_BITS, Codes, Format
from gelugen.pipeline import Range
from gelugen.spec import Spec
from gelugen.strict import take


class Select(Format):
    """The format of a select: a plain number of 1 to 8 bits."""

    def __post_init__(self) -> None:
        """Nothing of what a format of samples must be holds here."""

    @classmethod
    def among(cls, members: int) -> Select:
        """The narrowest one that tells so many members apart."""
        return cls((members - 1).bit_length(), False, 1.0)

    def check_codes(self, codes: npt.ArrayLike) -> Codes:
        """The selects as an int64 array; raises as ``Format.check_codes``."""
        try:
            return super().check_codes(codes)
        except GelugenError as error:
            raise GelugenError(f"select: {error}") from None


@dataclass(frozen=True)
class Bank:
    """A bank in integers only. ``eval`` is what every emitted artifact must equal.

    Attributes:
        spec: what it was made for.
        designs: one for each member, in their order.
    """

    kind: ClassVar[str] = "bank"
    spec: BankSpec
    designs: tuple[Design, ...]

    def __post_init__(self) -> None:
        if tuple(design.spec for design in self.designs) != self.spec.specs:
            raise GelugenError("the designs of a bank must be those of its members, in their order")

    @property
    def members(self) -> dict[str, Design]:
        """The designs by the names of the members."""
        return dict(zip(self.spec.names, self.designs, strict=True))

    @property
    def select(self) -> Select:
        """The format of the select input."""
        return Select.among(len(self.designs))

    @property
    def input(self) -> Format:
        """Width and signedness of the codes; scale and zero point are each member's own."""
        return _bare(self.spec.specs[0].input)

    @property
    def ports(self) -> dict[str, Format]:
        """The inputs by the names of their Verilog ports, in the order of ``eval``."""
        return {SELECT: self.select, DATA: self.input}

    @property
    def output(self) -> Format:
        """Width and signedness of the output codes."""
        return _bare(self.spec.specs[0].output)

    @cached_property
    def core_of(self) -> tuple[int, ...]:
        """For each member the number of its core: the same for members that are the same integers."""
        numbers: dict[tuple[Any, ...], int] = {}
        return tuple(numbers.setdefault(_integers(design), len(numbers)) for design in self.designs)

    @cached_property
    def cores(self) -> tuple[Design, ...]:
        """The designs without the repeated ones."""
        first = dict(zip(reversed(self.core_of), reversed(self.designs), strict=True))
        return tuple(first[core] for core in range(len(first)))

    def users(self, core: int) -> list[str]:
        """The members that a core serves."""
        return [name for name, each in zip(self.spec.names, self.core_of, strict=True) if each == core]

    @cached_property
    def table(self) -> Design | None:
        """One plain table for all cores, where each is a table of all codes; by the core's number and the code.

        Only the integers of this design count. None where there is one core, where the address has more than 16 bits,
        or where words wide enough for all cores cost over an eighth more bits than words of their own.
        """
        bits = Select.among(len(self.cores)).bits + self.input.bits
        if len(self.cores) == 1 or bits > MAX_BITS or not all(map(_is_table, self.cores)):
            return None
        unsigned = np.arange(1 << self.input.bits)  # the code's own bits
        codes = unsigned - (unsigned > self.input.code_max) * len(unsigned)
        words = np.concatenate([core.eval(codes) for core in self.cores])
        term = Term(Uniform(0), (_column(words),))
        if term.is_constant(bits) or 8 * term.rom_bits > 9 * sum(core.rom_bits for core in self.cores):
            return None
        spec = Spec("relu", Format(bits, False, 1.0), self.output, "ulp:65535")
        return Design(spec, "table", "none", (term,))

    @property
    def architecture(self) -> str:
        """The families of the members, each once; ``table`` where one table serves them all."""
        return "+".join(dict.fromkeys(design.architecture for design in self.designs))

    @property
    def rom_bits(self) -> int:
        """The stored bits of the cores, or of the one table that takes their place."""
        return self.table.rom_bits if self.table else sum(core.rom_bits for core in self.cores)

    def eval(self, select: npt.ArrayLike, codes: npt.ArrayLike) -> Codes:
        """The output codes of selects and input codes, whose shapes are broadcast, as int64.

        A select past the last member, which the select's bits can still say, means the last one.

        Raises:
            GelugenError: a select or a code is no integer or outside its bits, or the shapes do not go together.
        """
        chosen, data = self.select.check_codes(select), self.input.check_codes(codes)
        try:
            chosen, data = np.broadcast_arrays(np.minimum(chosen, len(self.designs) - 1), data)
        except ValueError:
            raise GelugenError(
                f"select and codes have the shapes {chosen.shape} and {data.shape}: they must go together"
            ) from None
        outputs = np.empty(data.shape, dtype=np.int64)
        for number in np.unique(chosen).tolist():
            here = chosen == number
            outputs[here] = self.designs[number].eval(data[here])
        return outputs

    # -- what a check drives -------------------------------------------------------------------------------

    exhaustive: ClassVar[bool] = True
    """All pairs of select and code are checked."""

    def stimulus(self) -> tuple[Codes, Codes]:
        """All pairs of select and code, the codes of the first select first; selects past the last member too."""
        select, codes = self.select.codes(), self.input.codes()
        return np.repeat(select, len(codes)), np.tile(codes, len(select))

    def sequence(self) -> tuple[Codes, Codes]:
        """The pairs of the emitted test bench: all of them."""
        return self.stimulus()

    # -- JSON ----------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """All fields, ready for the manifest."""
        return {"members": [{"name": name, **design.to_json()} for name, design in self.members.items()]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Bank:
        """The bank of a manifest.

        Raises:
            GelugenError: a field is missing, unknown, of the wrong type, or out of range.
        """
        try:
            (tables,) = take(data, "members")
            members = {
                table["name"]: Design.from_json({key: value for key, value in table.items() if key != "name"})
                for table in tables
            }
            return cls(BankSpec({name: each.spec for name, each in members.items()}), tuple(members.values()))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GelugenError(f"the bank in the manifest is malformed: {error!r}") from None


def _bare(form: Format) -> Format:
    return Format(form.bits, form.signed, 1.0)


def _integers(design: Design) -> tuple[Any, ...]:
    """All that the codes of a design depend on."""
    numbers = [getattr(design, each.name) for each in fields(design) if each.name not in ("spec", "architecture")]
    return (*numbers, design.spec.input.zero_point if design.fold != "none" else 0)


def _is_table(design: Design) -> bool:
    """Whether a design has a word for each code, and neither a fold nor another term."""
    return (
        design.fold == "none"
        and len(design.terms) == 1
        and design.terms[0].map == Uniform(0)
        and (not design.terms[0].degree)
    )


def _column(words: Codes) -> Coefficient:
    """Words in as few bits as they take, zeros at the end left out."""
    words = words[: int(np.flatnonzero(words).max(initial=0)) + 1]
    joined = int(np.bitwise_or.reduce(words)) or 1
    drop = (joined & -joined).bit_length() - 1
    low, high = int(words.min()) >> drop, int(words.max()) >> drop
    width = max(high.bit_length(), 1) if low >= 0 else Range(low, high).signed_width
    return Coefficient(tuple((words >> drop).tolist()), width, low < 0, drop)


@dataclass(frozen=True)
class BankAccuracy:
    """The errors of each member, by its name."""

    members: Mapping[str, Accuracy]

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON gives them back."""
        return {"members": {name: each.to_json() for name, each in self.members.items()}}


def measure(bank: Bank) -> BankAccuracy:
    """Measure each member over every input code."""
    return BankAccuracy({name: accuracy.measure(design) for name, design in bank.members.items()})


def check(bank: Bank) -> BankAccuracy:
    """Measure each member and insist on its guarantee.

    Raises:
        GelugenError: one is broken.
    """
    measured = {}
    for name, design in bank.members.items():
        try:
            measured[name] = accuracy.check(design)
        except GelugenError as error:
            raise GelugenError(f"member {name}: {error}") from None
    return BankAccuracy(measured)
