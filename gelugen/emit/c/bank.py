"""A bank in C: a function for each core, and one that chooses among them."""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.bank import Bank
from gelugen.emit.c.function import Function, Parameter, array, container, function_of, scalar
from gelugen.emit.c.header import LIMITS, SCALES, Constants, limits, scales
from gelugen.emit.c.header import files as written
from gelugen.emit.c.tables import tables_of
from gelugen.emit.contract import Contract
from gelugen.emit.rendering import render
from gelugen.target import Target


@dataclass(frozen=True)
class Case:
    """A core in C.

    Attributes:
        function: the name of its function.
        text: its arrays and its function, as they are emitted.
        selects: the selects that choose it.
        last: whether it serves the last member too, and so every select past it.
    """

    function: str
    text: str
    selects: list[int]
    last: bool


def files(bank: Bank, target: Target, contract: Contract) -> dict[str, str]:
    """The header, and a source file where the target asks for one, or the tables are large.

    Raises:
        GelugenError: a core needs more than 63-bit arithmetic.
    """
    name = target.name
    select = Parameter(container(bank.select), "select", f"the member; past {len(bank.designs) - 1}, the last one")
    tables, cases = [], []
    for number, design in enumerate(bank.cores):
        core = scalar(f"{name}_m{number}", [("x", bank.input)], bank.output, f"{', '.join(bank.users(number))}.")
        own = tables_of(design, core.name)
        text = render("c/function.j2", storage="static inline ", **function_of(design, core, own))
        selects = [select for select, each in enumerate(bank.core_of) if each == number]
        cases.append(Case(core.name, text, selects, bank.core_of[-1] == number))
        tables += own
    inside = scalar(name, [("x", bank.input)], bank.output, "The selected member of one code.")
    one = Function(name, (select, *inside.parameters), inside.returns, inside.brief, inside.result)
    many = array(name, [("in", bank.input)], bank.output, (select,))
    return written(
        target,
        contract,
        [array for table in tables for array in table.arrays],
        _constants(bank),
        [one, many],
        "c/bank.j2",
        {"outer": one, "many": many, "cases": sorted(cases, key=lambda each: each.last)},
    )


def _constants(bank: Bank) -> list[Constants]:
    selects = [(f"SELECT_{member}", str(number)) for number, member in enumerate(bank.spec.names)]
    members = [
        each
        for member, spec in bank.spec.members.items()
        for each in scales({"INPUT": spec.input, "OUTPUT": spec.output}, f"_{member}")
    ]
    return [
        Constants("What select counts.", selects),
        Constants(SCALES, members),
        Constants(LIMITS, limits({"INPUT": bank.input, "OUTPUT": bank.output})),
    ]
