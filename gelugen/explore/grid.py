"""What is explored: cases, from flags or from a grid in one TOML file.

The product of all lists is explored; ``objective`` ranks, so there is one::

    [grid]
    function = ["gelu", "gelu_tanh"]
    formats = ["q3.4", { input = "q3.4", output = "q1.6" }]   # one text stands for input and output
    guarantee = ["correct", "faithful", "ulp:2"]              # optional, correct
    architecture = ["auto"]                                   # optional: auto, or those to compare
    exclude = ["multiplier"]                                  # optional
    objective = "balanced"                                    # optional; luts:FAMILY and those of a core measure
    flash = 512                                               # optional, with those: the most bytes of tables
    ties = "even"                                             # optional
    outside = "clamp"                                         # optional: for functions that are not defined everywhere
    dialect = "exact"                                         # optional: or a runtime
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from gelugen.aims import Weights
from gelugen.architectures import ARCHITECTURES, AUTO
from gelugen.cores.objective import competing_on_core
from gelugen.errors import GelugenError, short
from gelugen.search import architectures
from gelugen.spec import Spec, from_fields, read_text
from gelugen.synthesis.objective import competing_in_luts
from gelugen.synthesis.yosys import find

_NEEDED = ("function", "formats")
_LISTS = (*_NEEDED, "guarantee", "architecture", "exclude")
_COMMON = ("objective", "flash", "ties", "outside", "dialect")
_KEYS = (*_LISTS, *_COMMON)


@dataclass(frozen=True)
class Case:
    """A spec and the architectures that are compared for it.

    Attributes:
        spec: with the architecture ``auto``, whichever are compared.
        architectures: their names, simplest first.
    """

    spec: Spec
    architectures: tuple[str, ...]

    @property
    def title(self) -> str:
        """What is asked, in few words."""
        return f"{self.spec.function}, {self.spec.input} to {self.spec.output}, {self.spec.guarantee}"


def case(fields: Mapping[str, Any], names: list[str] | None = None) -> Case:
    """The case of a spec's fields, all but the architecture.

    Args:
        fields: as ``Spec`` takes them.
        names: of architectures, or ``auto``, which is the default.

    Raises:
        GelugenError: a field or name is refused, all architectures are excluded, or the objective needs Yosys and
            there is none.
    """
    spec = from_fields(dict(fields))
    asked = Weights.parse(spec.objective)
    compared = competing_on_core if asked.core else competing_in_luts if asked.luts else architectures
    if asked.luts:
        find()
    admitted = {
        each.name
        for name in names or [AUTO]
        for each in compared(spec if name == AUTO else from_fields({**fields, "architecture": name}))
    }
    return Case(spec, tuple(name for name in ARCHITECTURES if name in admitted))


def from_toml(text: str, where: str) -> list[Case]:
    """The cases of a grid.

    Args:
        text: the TOML text.
        where: the file's name, for messages.

    Raises:
        GelugenError: no TOML, an unknown key, a missing one, an empty list, or a case that is refused.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and integers and nesting without end
        raise GelugenError(f"{where} is not TOML: {str(error)[:200]}") from None
    if unknown := sorted(set(data) - {"grid"}):
        raise GelugenError(f"{where} has the unknown key {unknown[0]!r}: a grid is one table [grid]")
    if not isinstance(data.get("grid"), dict):
        raise GelugenError(f"{where} holds no grid: write one table [grid] with the keys {', '.join(_KEYS)}")
    try:
        return _cases(data["grid"])
    except GelugenError as error:
        raise GelugenError(f"{where}, [grid]: {error}") from None


def read_grid(path: Path) -> list[Case]:
    """``from_toml`` on a file.

    Raises:
        GelugenError: it cannot be read, or what it holds is refused.
    """
    return from_toml(read_text(path), str(path))


def _cases(grid: Mapping[str, Any]) -> list[Case]:
    if unknown := sorted(set(grid) - set(_KEYS)):
        raise GelugenError(f"key {unknown[0]!r} is not known: the keys are {', '.join(_KEYS)}")
    if missing := [key for key in _NEEDED if key not in grid]:
        raise GelugenError(f"key {missing[0]!r} is missing: a grid needs {' and '.join(_NEEDED)}")
    lists = {key: _listed(key, grid[key]) for key in _LISTS if key in grid}
    common = {key: grid[key] for key in _COMMON if key in grid}
    if "exclude" in lists:
        common["exclude"] = lists["exclude"]
    cases = [
        case({**common, "function": function, "guarantee": guarantee, **_formats(formats)}, lists.get("architecture"))
        for function, formats, guarantee in product(
            lists["function"], lists["formats"], lists.get("guarantee", ["correct"])
        )
    ]
    return list(dict.fromkeys(cases))


def _listed(key: str, value: object) -> list[Any]:
    """A list, or the one thing that would stand in it."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise GelugenError(f"{key} is an empty list: give one value at least")
    if key != "formats" and (wrong := [each for each in values if not isinstance(each, str)]):
        raise GelugenError(f"{key} {short(wrong[0])} must be text")
    return values


def _formats(entry: object) -> dict[str, Any]:
    if isinstance(entry, str):
        return {"input": entry, "output": entry}
    if isinstance(entry, dict) and set(entry) == {"input", "output"}:
        return entry
    raise GelugenError(f"formats {short(entry)} must be a format such as 'q3.4', or a table with input and output")
