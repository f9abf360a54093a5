"""The Verilog of a bank: a module for each core, or for the one table that takes their place, and the module around."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from gelugen.bank import Bank
from gelugen.bank_spec import DATA, SELECT
from gelugen.design import Design
from gelugen.emit.contract import Contract
from gelugen.emit.rendering import render
from gelugen.emit.signals import Signal, unsigned
from gelugen.emit.verilog import Port, Ports, bench, clocks, core, memory_files, memory_names
from gelugen.emit.verilog import parameters as core_parameters
from gelugen.emit.writing import Writing
from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.pipeline import Range, latency, levels
from gelugen.requests import to_toml
from gelugen.schedule import deepest
from gelugen.spec import Target
from gelugen.units import latency as bank_latency


@dataclass(frozen=True)
class Core:
    """A module inside a bank.

    Attributes:
        module, instance: its names.
        clocked: whether it has registers.
        users: the members that it serves.
        selects: those that choose it.
        last: whether it serves the last member too, and so every select past it.
        files: of each table read from a file the parameter of the bank, that of this module, and the file.
        outs: its output, delayed a stage at a time until the slowest core is done.
    """

    module: str
    instance: str
    clocked: bool
    users: list[str]
    selects: list[int]
    last: bool
    files: list[tuple[str, str, str]]
    outs: list[Signal]


def files(bank: Bank, target: Target, contract: Contract) -> dict[str, str]:
    """The modules, the test bench with the expected codes, a .mem file for each table, and the request as TOML.

    Raises:
        GelugenError: the bank cannot be written as the target says.
    """
    _check(bank, target)
    name, lanes = target.name, target.lanes
    depths = _depths(bank, target)
    slowest = max(depths)
    modules: dict[str, str] = {}
    mems: dict[str, str] = {}
    cores = []
    for number, ((suffix, design), depth) in enumerate(zip(_inside(bank).items(), depths, strict=True)):
        module = f"{name}_{suffix}"
        lines = partial(contract.core_lines, None if bank.table else number)
        stored = any(term.width for term in design.terms)
        asked = replace(target, pipeline=depth, rom=target.rom if stored else "auto")
        modules |= core(design, module, Writing.of(design, asked), memory_names(design, module), lines)
        mems |= memory_files(design, module, target)
        cores.append(
            Core(
                module=module,
                instance="merged" if bank.table else suffix,
                clocked=depth > 0,
                users=list(bank.spec.names) if bank.table else bank.users(number),
                selects=_selects(bank, number),
                last=bank.core_of[-1] == number,
                files=[(f"{suffix.upper()}_{each}", each, mem) for each, mem in core_parameters(design, module)],
                outs=[_vector(f"{suffix}_{stage}", bank.output, lanes) for stage in range(depth, slowest + 1)],
            )
        )
    latency = bank_latency(bank, target)
    top = render(
        "verilog/bank.v.j2",
        name=name,
        contract=contract.lines(clocks(latency, lanes)),
        latency=latency,
        registered=latency > slowest,
        ports=_ports(bank, target, latency),
        lanes=lanes,
        select=unsigned(SELECT, bank.select.bits),
        data=_vector(DATA, bank.input, lanes),
        out=_vector("out_data", bank.output, lanes),
        cores=cores,
        waits=[unsigned(f"select_{stage}", bank.select.bits) for stage in range(1, slowest + 1)],
        merged=_Merged.of(bank, lanes),
    )
    texts = {f"{name}.v": top, **modules}
    order = "all codes of select 0, then of the next"
    request = to_toml({name: bank.spec}, target.fields())
    return {**texts, **bench(bank, target, list(texts), order), **mems, f"{name}.toml": request}


def _inside(bank: Bank) -> dict[str, Design]:
    """The designs of the modules inside a bank, by what their names add to the bank's."""
    return {"rom": bank.table} if bank.table else {f"m{number}": core for number, core in enumerate(bank.cores)}


def _check(bank: Bank, target: Target) -> None:
    """Refuse what a bank cannot be.

    Raises:
        GelugenError: it is to be rewritten at run time, to have block RAM for no word, or lanes that share no select.
    """
    if target.writable:
        raise GelugenError("writable is asked for a bank, whose tables are fixed: take one design")
    if target.rom == "block" and not bank.rom_bits:
        raise GelugenError("rom block is asked for, and this bank stores no word: leave it out")
    if (1 << bank.input.bits) % target.lanes:
        raise GelugenError(
            f"lanes {target.lanes} is not possible for a bank: its lanes share one select, so that they must be "
            f"a power of two, and at most the {1 << bank.input.bits} input codes"
        )


def _depths(bank: Bank, target: Target) -> list[int]:
    """The registers inside each core. With one in all it stands there, since a block RAM needs it; else one is behind.

    Raises:
        GelugenError: there are more than even the deepest core takes.
    """
    designs = list(_inside(bank).values())
    if target.pipeline is None:
        return [latency(design) for design in designs]
    if len(designs) == 1:
        return [target.pipeline]
    depths = [deepest(levels(design)) for design in designs]
    if target.pipeline > (most := max(depths) + 1):
        raise GelugenError(
            f"pipeline {target.pipeline} is not possible: this bank takes 0 (combinational) to {most} registers"
        )
    return [min(each, target.pipeline - (target.pipeline > 1)) for each in depths]


def parameters(bank: Bank, target: Target) -> list[tuple[str, str]]:
    """The parameters of a bank's module with the files that they name."""
    return [
        (f"{suffix.upper()}_{each}", mem)
        for suffix, design in _inside(bank).items()
        for each, mem in core_parameters(design, f"{target.name}_{suffix}")
    ]


@dataclass(frozen=True)
class _Merged:
    """What addresses the one table.

    Attributes:
        number: the number of the plain table, which stands above the code.
        arms: the selects of each number but the last member's; None where select is the number itself.
        other: the number of the last member, and of every select past it.
        address: number and code, of all lanes side by side.
        bits: those of one lane, and of its code.
    """

    number: Signal
    arms: list[tuple[list[int], int]] | None
    other: int
    address: Signal
    bits: tuple[int, int]

    @classmethod
    def of(cls, bank: Bank, lanes: int) -> _Merged | None:
        """The address of a bank's table, if it has one."""
        if bank.table is None:
            return None
        bits = bank.select.among(len(bank.cores)).bits
        plain = bank.core_of == tuple(range(1 << bank.select.bits))
        return cls(
            number=unsigned(SELECT if plain else "number", bits),
            arms=None
            if plain
            else [(_selects(bank, core), core) for core in range(len(bank.cores)) if core != bank.core_of[-1]],
            other=bank.core_of[-1],
            address=unsigned("address", lanes * bank.table.spec.input.bits),
            bits=(bank.table.spec.input.bits, bank.input.bits),
        )


def _selects(bank: Bank, core: int) -> list[int]:
    return [select for select, each in enumerate(bank.core_of) if each == core]


def _ports(bank: Bank, target: Target, latency: int) -> Ports:
    """The ports: all lanes share one select."""
    choice = "this sample is for" if target.lanes == 1 else "all lanes of this clock are for"
    select = replace(Port.of(SELECT, bank.select), note=f"the member that {choice}")
    data, out = (Port.of(name, form, target.lanes) for name, form in ((DATA, bank.input), ("out_data", bank.output)))
    return Ports(latency > 0, target.stream and latency > 0, False, target.lanes, [select, data], out)


def _vector(name: str, form: Format, lanes: int) -> Signal:
    return Signal(name, lanes * form.bits, form.signed and lanes == 1, Range(form.code_min, form.code_max))
