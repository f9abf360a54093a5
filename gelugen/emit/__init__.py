"""A unit and a target to texts. Nothing is written to disk here.

``emit`` gives every file of a design or a gated unit as text; ``store.py`` puts them on disk.
"""

from __future__ import annotations

from gelugen.emit import c, verilog
from gelugen.emit.manifest import MANIFEST, manifest_text
from gelugen.emit.rendering import Contract
from gelugen.errors import GelugenError
from gelugen.spec import Target
from gelugen.units import Unit, latency

__all__ = ["MANIFEST", "emit", "latency"]


def emit(unit: Unit, target: Target) -> dict[str, str]:
    """All files of a unit.

    Args:
        unit: what is computed. Its accuracy is measured for the header comments.
        target: how it is written down.

    Returns:
        Text by file name: C header (and source, for tables over 4,096 bytes), Verilog modules, a test bench
        with the expected codes, the tables as ``.mem``, and last the manifest with every other file's hash.

    Raises:
        GelugenError: the unit breaks a guarantee, needs more than 63-bit arithmetic, or has the name of an input.
    """
    if target.name in {taken for port in unit.ports for taken in (port, port.removeprefix("in_"))}:
        raise GelugenError(f"name {target.name!r} is taken by an input of its own: choose another")
    contract = Contract.of(unit, target)
    files = {**c.files(unit, target, contract), **verilog.files(unit, target, contract)}
    return {**files, MANIFEST: manifest_text(unit, target, contract, files)}
