"""Requests in TOML files, and from flags: designs, gated units and banks.

A file holds one table a design, with the fields of ``gelugen.spec``, and one table a gated unit::

    [design.ffn_gelu]
    function = "gelu"
    input = "int8:scale=0.05,zero_point=-3"
    output = "int8:scale=fit"

    [gated.ffn_geglu]
    function = "geglu"                          # or the gate's function: gelu
    input = "q3.4"                              # of the gate
    intermediate = "q3.4"                       # to which act(gate) is rounded; int8:scale=fit may be asked for
    up = "q3.4"
    output = "q3.4"
    guarantee = "correct"                       # optional: of act(gate) in the intermediate format
    requantize = "correct"                      # optional: of the product's rounding; or ulp:N with N above 0.5

How a module is written stands there too (``gelugen.target``)::

    pipeline = 3                                # registers from input to output, 0 is combinational
    lanes = 4                                   # samples a clock
    stream = true                               # with an AXI4-Stream wrapper
    rom = "block"                               # tables in block RAM, or in "logic"
    writable = true                             # tables that can be rewritten at run time
    memory = ["coe", "mif", "hex"]              # files of the tables beside .mem

A gated unit takes architecture, ties, objective, exclude and outside as a design does. A bank is one module with
several activations, which a select input counts in the order of their tables, from 0::

    [[bank.layers]]
    name = "block0_gelu"                        # of the member, for comments and C constants
    function = "gelu"                           # and all else as in a design; input and output of all members have
    input = "int8:scale=0.05,zero_point=-3"     # one width and signedness, each its own scale and zero point
    output = "int8:scale=fit"

    [[bank.layers]]
    name = "head_tanh"
    function = "tanh"
    input = "int8:scale=0.03"
    output = "q0.7"

One more table holds what is the same in most of them::

    [defaults]
    guarantee = "faithful"                      # any key but function; a design's own key goes before

Of gated units it fills in only the keys that they have; in a design with ``minimise`` it gives no guarantee.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from gelugen.bank_spec import BankSpec
from gelugen.errors import GelugenError, short
from gelugen.gated_spec import GATED_KEYS, SYNONYMS, UNIT_KEYS, GatedSpec
from gelugen.spec import DESIGN_KEYS, Spec, Target, from_fields, read_text
from gelugen.target import TARGET_KEYS
from gelugen.units import Request

KINDS = ("design", "gated", "bank")
"""The tables of a request file."""
DEFAULTS = "defaults"
"""The table of what they share."""


def kind_of(request: Request) -> str:
    """Which of ``KINDS`` a request is."""
    if isinstance(request, BankSpec):
        return "bank"
    return "design" if isinstance(request, Spec) else "gated"


def to_toml(requests: Mapping[str, Request], written: Mapping[str, str] | None = None) -> str:
    """The TOML text of named specs; ``from_toml`` reads it back, those of one kind side by side.

    Args:
        requests: specs by their names.
        written: how all of them are written down, the fields of a target.
    """
    tables: dict[str, dict[str, Any]] = {DEFAULTS: dict(written)} if written else {}
    for name, spec in requests.items():
        table = spec.tables() if isinstance(spec, BankSpec) else spec.fields()
        tables.setdefault(kind_of(spec), {})[name] = table
    return tomli_w.dumps(tables)


def from_toml(text: str, where: str) -> list[tuple[Request, Target]]:
    """Read a TOML file's designs, gated units and banks.

    Args:
        text: the TOML text.
        where: the file's name, for messages.

    Raises:
        GelugenError: no TOML, an unknown key, a missing one, or a request that is refused.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and integers and nesting without end
        raise GelugenError(f"{where} is not TOML: {str(error)[:200]}") from None
    defaults = _check_defaults(data.pop(DEFAULTS, {}), where)
    if unknown := sorted(set(data) - set(KINDS)):
        raise GelugenError(
            f"{where} has the unknown key {unknown[0]!r}: designs are tables named [design.NAME], "
            f"gated units [gated.NAME], members of banks [[bank.NAME]]"
        )
    if wrong := [kind for kind, tables in data.items() if not isinstance(tables, dict) or not tables]:
        one = "[[bank.NAME]] for each member" if wrong[0] == "bank" else f"[{wrong[0]}.NAME] for each"
        raise GelugenError(f"{where} holds no {wrong[0]}: write one table {one}")
    if not data:
        raise GelugenError(f"{where} holds no design: write one table [design.NAME] for each")
    requests = []
    for kind, tables in data.items():
        for name, fields in tables.items():
            try:
                wanted, written = _split(_filled(kind, fields, defaults), defaults)
                requests.append((from_table(kind, wanted), Target.parse(name, written)))
            except GelugenError as error:
                table = f"[[bank.{name}]]" if kind == "bank" else f"[{kind}.{name}]"
                raise GelugenError(f"{where}, {table}: {error}") from None
    return requests


def read_toml(path: Path) -> list[tuple[Request, Target]]:
    """``from_toml`` on a file.

    Raises:
        GelugenError: it cannot be read, or what it holds is refused.
    """
    return from_toml(read_text(path), str(path))


def from_table(kind: str, fields: object) -> Request:
    """A spec from the fields of a ``design`` or ``gated`` table, or from the tables of a ``bank``.

    Raises:
        GelugenError: an unknown key, a missing one, or a value that is refused.
    """
    if kind == "gated":
        return GatedSpec.from_fields(fields)
    if kind == "bank":
        for table in fields if isinstance(fields, list) else ():
            _refuse_unit(table)
        return BankSpec.from_tables(fields)
    if isinstance(fields, Mapping) and (given := [key for key in GATED_KEYS if key in fields]):
        raise GelugenError(f"key {given[0]!r} is one of a gated unit: name its table [gated.NAME]")
    _refuse_unit(fields)
    return from_fields(fields)


def _split(fields: object, defaults: Mapping[str, object]) -> tuple[object, dict[str, object]]:
    """What is computed, and how it is written down; of a bank only the defaults say that."""
    if not isinstance(fields, Mapping):
        return fields, {key: value for key, value in defaults.items() if key in TARGET_KEYS}
    written = {key: value for key, value in fields.items() if key in TARGET_KEYS}
    return {key: value for key, value in fields.items() if key not in TARGET_KEYS}, written


def _check_defaults(fields: object, where: str) -> Mapping[str, object]:
    """The table of defaults: any key that some request has, but not the function.

    Raises:
        GelugenError: it is no table, or a key is not known.
    """
    if not isinstance(fields, Mapping):
        raise GelugenError(f"{where}: {DEFAULTS} {short(fields)} must be a table [{DEFAULTS}]")
    known = sorted({*DESIGN_KEYS, *GATED_KEYS, *TARGET_KEYS} - {"function"})
    if unknown := sorted(set(fields) - set(known)):
        raise GelugenError(f"{where}, [{DEFAULTS}]: key {unknown[0]!r} is not known: the keys are {', '.join(known)}")
    return fields


def _filled(kind: str, fields: object, defaults: Mapping[str, object]) -> object:
    """A request's fields with the defaults that it does not give itself; of a bank those of each member."""
    if kind == "bank" and isinstance(fields, list):
        own = {key: value for key, value in defaults.items() if key not in TARGET_KEYS}
        return [_filled("design", each, own) for each in fields]
    if not isinstance(fields, Mapping):
        return fields
    keys = {*(UNIT_KEYS if kind == "gated" else DESIGN_KEYS), *TARGET_KEYS}
    if "minimise" in fields:  # what these say excludes the other
        keys -= {"guarantee", "objective", "exclude", "flash"}
    elif "guarantee" in fields:
        keys -= {"minimise", "segments", "density", "grid"}
    if "architecture" in fields:
        keys -= {"exclude"}
    return {**{key: value for key, value in defaults.items() if key in keys}, **fields}


def from_flags(flags: Mapping[str, object]) -> Request:
    """A spec from flags by the names of its fields: those of a gated unit if one of them is its own.

    Raises:
        GelugenError: an unknown flag, a missing one, or a value that is refused.
    """
    if any(key in flags for key in GATED_KEYS):
        return GatedSpec.from_fields(flags)
    _refuse_unit(flags)
    return from_fields(flags)


def _refuse_unit(fields: object) -> None:
    """Refuse a gated unit's name in a request for a plain design."""
    function = fields.get("function") if isinstance(fields, Mapping) else None
    name = function.partition(":")[0] if isinstance(function, str) else ""
    if name in SYNONYMS:
        raise GelugenError(
            f"function {function!r} multiplies two inputs: give intermediate and up too, "
            f"or take {SYNONYMS[name]} for the gate alone"
        )
