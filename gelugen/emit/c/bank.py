"""A bank in C: functions for each core, and those that choose among them, once a call."""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.bank import Bank
from gelugen.emit.c.function import Function, Parameter, array, container, function_of, scalar
from gelugen.emit.c.header import LIMITS, SCALES, Constants, limits, scales
from gelugen.emit.c.header import files as written
from gelugen.emit.c.kernels import Feature
from gelugen.emit.c.packing import Array
from gelugen.emit.c.recognition import all_arrays, kernel_of
from gelugen.emit.c.tables import tables_of
from gelugen.emit.contract import Contract
from gelugen.emit.rendering import render
from gelugen.identifiers import inner
from gelugen.target import Target


@dataclass(frozen=True)
class Case:
    """A core in C.

    Attributes:
        function: the name of its function.
        many: the name of its array function; empty where it has no kernel, and the bank's own loop serves.
        text: its arrays and its functions, as they are emitted.
        selects: the selects that choose it.
        last: whether it serves the last member too, and so every select past it.
    """

    function: str
    many: str
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
    arrays: list[Array] = []
    features: list[Feature] = []
    cases = []
    for number, design in enumerate(bank.cores):
        core = scalar(f"{inner(name)}_m{number}", [("x", bank.input)], bank.output, f"{', '.join(bank.users(number))}.")
        loop = array(core.name, [("in", bank.input)], bank.output)
        kernel, own = kernel_of(design, core.name), tables_of(design, core.name)
        if kernel:
            context = {"name": core.name, "inner": core.name, "outer": core, "many": loop, "feature": kernel.feature}
            text = render(kernel.template, linkage="static inline ", kernel=kernel, **context)
            features += [kernel.feature] if kernel.feature else []
        else:
            text = render("c/function.j2", storage="static inline ", **function_of(design, core, core.name, own))
        selects = [select for select, each in enumerate(bank.core_of) if each == number]
        cases.append(Case(core.name, loop.name if kernel else "", text, selects, bank.core_of[-1] == number))
        arrays += all_arrays(kernel, own)
    inside = scalar(name, [("x", bank.input)], bank.output, "The selected member of one code.")
    one = Function(name, (select, *inside.parameters), inside.returns, inside.brief, inside.result)
    many = array(name, [("in", bank.input)], bank.output, (select,))
    return written(
        target,
        contract,
        arrays,
        _constants(bank),
        [one, many],
        "c/bank.j2",
        {"outer": one, "many": many, "cases": sorted(cases, key=lambda each: each.last)},
        tuple(dict.fromkeys(features)),
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
