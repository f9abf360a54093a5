"""What is asked of a bank: several activations in one module, and a select input that chooses among them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gelugen.errors import GelugenError, short
from gelugen.functions.user import is_reference
from gelugen.identifiers import LONGEST, identifier_part
from gelugen.spec import Spec, from_fields, spec_hash

SELECT, DATA = "in_select", "in_data"
"""The ports of a bank."""
MOST_MEMBERS = 256
"""What 8 bits of select tell apart."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")


@dataclass(frozen=True, init=False)
class BankSpec:
    """The members of a bank in the order in which select counts them.

    All inputs have one width and one signedness, and so have all outputs; scales, zero points, functions, guarantees
    and all else may differ.

    Attributes:
        names: of the members; C makes constants of them.
        specs: what each of them is.
    """

    names: tuple[str, ...]
    specs: tuple[Spec, ...]

    def __init__(self, members: Mapping[str, Spec]) -> None:
        """Check the members.

        Raises:
            GelugenError: there are fewer than two or more than 256, a name is malformed or there twice, or the
                formats of two members have other widths or another signedness, or two functions are the user's own.
        """
        if not 2 <= len(members) <= MOST_MEMBERS:
            raise GelugenError(
                f"a bank of {len(members)} member{'' if len(members) == 1 else 's'} is none: "
                f"it must have 2 to {MOST_MEMBERS}"
            )
        _check_names(list(members))
        for name, spec in members.items():
            if not isinstance(spec, Spec):
                raise GelugenError(f"member {name} must be a Spec, not {type(spec).__name__}")
        _check_formats(members)
        if len(own := _own_functions(members.values())) > 1:
            raise GelugenError(
                f"a bank of {own[0]} and {own[1]} cannot be made by one command: "
                f"give a bank one function of your own at most"
            )
        object.__setattr__(self, "names", tuple(members))
        object.__setattr__(self, "specs", tuple(members.values()))

    @classmethod
    def from_tables(cls, tables: object) -> BankSpec:
        """The spec of a list of tables, each with a member's ``name`` and the fields of a design.

        Raises:
            GelugenError: it is no such list, a name is missing or there twice, or a member is refused.
        """
        if not isinstance(tables, list) or not all(isinstance(each, Mapping) for each in tables):
            raise GelugenError("a bank must be tables, one for each member: write [[bank.NAME]] above each")
        members: dict[str, Spec] = {}
        for number, table in enumerate(tables):
            if "name" not in table:
                raise GelugenError(f"member {number} has no name: give each member of a bank one, name = ...")
            name = table["name"]
            _check_names([*members, name])
            try:
                members[name] = from_fields({key: value for key, value in table.items() if key != "name"})
            except GelugenError as error:
                raise GelugenError(f"member {name}: {error}") from None
        return cls(members)

    @property
    def members(self) -> dict[str, Spec]:
        """The specs by their names."""
        return dict(zip(self.names, self.specs, strict=True))

    @property
    def aim(self) -> str:
        """What is asked of the members, in few words."""
        return ", ".join(dict.fromkeys(spec.aim for spec in self.specs))

    def tables(self) -> list[dict[str, str]]:
        """The members as text, ready for TOML or JSON; ``BankSpec.from_tables`` gives the spec back."""
        return [{"name": name, **spec.fields()} for name, spec in self.members.items()]

    def fields(self) -> dict[str, Any]:
        """The same as one mapping."""
        return {"members": self.tables()}

    def command(self, name: str) -> str:
        """The canonical command that makes the bank again, without the output folder, from ``NAME.toml`` beside it."""
        words = ["gelugen", "generate", f"{name}.toml"]
        for function in _own_functions(self.specs):
            words += ["--function", function]
            definition = next(spec.definition for spec in self.specs if spec.function == function)
            words += ["--accuracy", definition.accuracy] if definition.accuracy else []
        return shlex.join(words)

    def default_name(self) -> str:
        """An identifier made from the functions and the spec's hash, such as ``bank_gelu_tanh_0a1b2c3d``."""
        digits = spec_hash(self.fields())[:8]
        functions = dict.fromkeys(identifier_part(spec.function) for spec in self.specs)
        return f"{'_'.join(['bank', *functions])[: LONGEST - 9].rstrip('_')}_{digits}"


def _own_functions(specs: Iterable[Spec]) -> list[str]:
    return list(dict.fromkeys(spec.function for spec in specs if is_reference(spec.function)))


def _check_names(names: list[Any]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > LONGEST:
            raise GelugenError(
                f"member name {short(name)} is no part of an identifier: it must be at most {LONGEST} letters, digits "
                f"and single underscores, and start with a letter"
            )
        if other := seen.get(name.lower()):
            told = "is there twice" if other == name else f"differs from {other} by capitals alone"
            raise GelugenError(f"member name {name} {told}: give each member its own")
        seen[name.lower()] = name


def _check_formats(members: Mapping[str, Spec]) -> None:
    first, *others = members.items()
    for name, spec in others:
        for what, one, two in (("input", first[1].input, spec.input), ("output", first[1].output, spec.output)):
            if one.kind != two.kind:
                raise GelugenError(
                    f"members {first[0]} and {name} have {what}s of {one.kind} and {two.kind}: "
                    f"all members of a bank must have one width and signedness"
                )
