"""The command ``functions``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from gelugen.cli.printing import print_json, print_table
from gelugen.errors import GelugenError, short

if TYPE_CHECKING:
    from gelugen.functions import Entry, Function


def functions(options: argparse.Namespace) -> int:
    """List the catalogue, or show one entry of it."""
    from gelugen.functions import ALIASES, CATALOGUE

    if options.name is None:
        entries = list(CATALOGUE.values())
        if options.json:
            print_json([_fields(entry) for entry in entries])
            return 0
        print_table(
            ["function", "parameters", "formula", "f(-x)"],
            [(_names(each), _parameters(each), each.default.formula, _FOLDS[each.default.fold]) for each in entries],
        )
        print("gelugen functions NAME says more of one: domain, ends, known parameters, source")
        return 0
    entry = CATALOGUE.get(ALIASES.get(options.name, options.name))
    if entry is None:
        raise GelugenError(f"function {short(options.name)} is not known: it must be one of {', '.join(CATALOGUE)}")
    if options.json:
        print_json(_fields(entry))
        return 0
    print(entry.name)
    for label, text in _lines(entry):
        print(f"  {label:<12} {text}")
    return 0


_FOLDS = {
    "none": "",
    "residual": "f(x) - x",
    "even": "f(x)",
    "odd": "-f(x)",
    "complement": "1 - f(x)",
}


def _names(entry: Entry) -> str:
    return ", ".join([entry.name, *entry.aliases])


def _parameters(entry: Entry) -> str:
    from gelugen.functions.function import decimal

    return ", ".join(f"{each.name}={decimal(each.default)}" for each in entry.parameters)


def _ends(function: Function) -> str:
    texts = [
        f"ends on the {side}" if line is None else f"tends to {line} on the {side}"
        for line, side in zip(function.ends, ("left", "right"), strict=True)
    ]
    return ", ".join(texts)


def _lines(entry: Entry) -> list[tuple[str, str]]:
    from gelugen.functions.function import decimal

    function = entry.default
    lines = [("formula", function.formula)]
    if entry.aliases:
        lines.append(("also", ", ".join(entry.aliases)))
    for each in entry.parameters:
        lines.append(("parameter", f"{each.name} = {decimal(each.default)}; {each.domain}"))
        lines += [("", f"{each.name} = {value}: {text}") for value, text in each.known]
    if function.domain_text:
        lines.append(("domain", function.domain_text))
    lines.append(("ends", _ends(function)))
    if _FOLDS[function.fold]:
        lines.append(("fold", f"{function.fold}: f(-x) = {_FOLDS[function.fold]}"))
    lines.append(("source", entry.source))
    lines += [("value", f"f({x:g}) = {value:.15g}") for x, value in entry.checks]
    return lines


def _fields(entry: Entry) -> dict[str, Any]:
    from gelugen.functions.function import decimal

    function = entry.default
    return {
        "name": entry.name,
        "aliases": list(entry.aliases),
        "group": entry.group,
        "formula": function.formula,
        "parameters": [
            {
                "name": each.name,
                "default": decimal(each.default),
                "domain": each.domain,
                "known": [{"value": value, "source": text} for value, text in each.known],
            }
            for each in entry.parameters
        ],
        "domain": function.domain_text or None,
        "ends": [None if each is None else str(each) for each in function.ends],
        "fold": function.fold,
        "source": entry.source,
        "checks": [list(each) for each in entry.checks],
    }
