"""A unit and a target to texts. Nothing is written to disk here.

``emit`` gives every file of a design or a gated unit as text; ``store.py`` puts them on disk.
"""

from __future__ import annotations

from gelugen.bank import Bank
from gelugen.design import Design
from gelugen.emit import bank, c, stream, verilog
from gelugen.emit.contract import Contract
from gelugen.emit.fusesoc import core_text
from gelugen.emit.manifest import MANIFEST, manifest_text
from gelugen.errors import GelugenError
from gelugen.gated import Gated
from gelugen.objectives import Figures
from gelugen.spec import Target
from gelugen.units import Unit, latency

__all__ = ["MANIFEST", "emit", "latency"]


def emit(unit: Unit, target: Target, figures: Figures | None = None) -> dict[str, str]:
    """All files of a unit.

    Args:
        unit: what is computed. Its accuracy is measured for the header comments.
        target: how it is written down.
        figures: what was counted, where the design was chosen by it.

    Returns:
        Text by file name: C header (and source, for tables over 4,096 bytes), Verilog modules, a test bench
        with the expected codes, the tables as ``.mem``, a FuseSoC core, and last the manifest with every other file's
        hash.

    Raises:
        GelugenError: the unit breaks a guarantee, needs more than 63-bit arithmetic, or has the name of an input.
    """
    if target.name in {taken for port in unit.ports for taken in (port, port.removeprefix("in_"))}:
        raise GelugenError(f"name {target.name!r} is taken by an input of its own: choose another")
    contract = Contract.of(unit, target, figures)
    hardware = bank.files(unit, target, contract) if isinstance(unit, Bank) else verilog.files(unit, target, contract)
    files = {**c.files(unit, target, contract), **hardware}
    if target.stream:
        files |= stream.files(
            unit, target, contract, latency(unit, target), parameters(unit, target), _write(unit, target)
        )
    files[f"{target.name}.core"] = core_text(target.name, list(files))
    return {**files, MANIFEST: manifest_text(unit, target, contract, files)}


def parameters(unit: Unit, target: Target) -> list[tuple[str, str]]:
    """The parameters of a unit's module with the files that they name: tables too large to stand in the source."""
    if isinstance(unit, Bank):
        return bank.parameters(unit, target)
    if isinstance(unit, Gated):
        return verilog.parameters(unit.design, f"{target.name}_act")
    return verilog.parameters(unit, target.name)


def _write(unit: Unit, target: Target) -> tuple[int, int] | None:
    """Bits of the address and of the word of its write port, if there is one."""
    return verilog.write_bits(unit)[:2] if target.writable and isinstance(unit, Design) else None
