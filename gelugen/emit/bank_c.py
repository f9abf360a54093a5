"""The C99 header of a bank: a function for each core, and one that chooses among them."""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.bank import Bank
from gelugen.emit.c import LARGEST_HEADER_TABLE, container, function_of, tables_of
from gelugen.emit.contract import Contract
from gelugen.emit.rendering import render, render_block
from gelugen.spec import Target


@dataclass(frozen=True)
class Case:
    """A core in C.

    Attributes:
        function: its function.
        text: its arrays and its function, as they are emitted.
        selects: the selects that choose it.
        last: whether it serves the last member too, and so every select past it.
    """

    function: str
    text: str
    selects: list[int]
    last: bool


def files(bank: Bank, target: Target, contract: Contract) -> dict[str, str]:
    """The header, and a source file where the tables are large."""
    name = target.name
    tables = [tables_of(design, f"{name}_m{number}") for number, design in enumerate(bank.cores)]
    size = sum(array.bytes for each in tables for table in each for array in table.arrays)
    split = size > LARGEST_HEADER_TABLE
    cases = []
    for number, (design, own) in enumerate(zip(bank.cores, tables, strict=True)):
        function = f"{name}_m{number}"
        text = render_block(
            "c/header.h.j2",
            "core",
            tables=own,
            split=split,
            does=", ".join(bank.users(number)),
            **function_of(design, function, own),
        )
        selects = [select for select, core in enumerate(bank.core_of) if core == number]
        cases.append(Case(function, text, selects, bank.core_of[-1] == number))
    context = {
        "name": name,
        "contract": contract.lines(("flash", f"{size} bytes of tables")),
        "tables": [table for own in tables for table in own],
        "split": split,
        "bank": bank,
        "cases": sorted(cases, key=lambda each: each.last),
        "in_type": container(bank.input),
        "out_type": container(bank.output),
        "select_type": container(bank.select),
    }
    texts = {f"{name}.h": render("c/bank.h.j2", **context)}
    if split:
        texts[f"{name}.c"] = render("c/tables.c.j2", **context)
    return texts
