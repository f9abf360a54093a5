"""Verilog texts through Yosys: resources, netlists, warnings."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gelugen.synthesis.families import Family, Resources, get_family
from gelugen.synthesis.yosys import find, run_script
from gelugen.tools import PATIENCE, workshop

_known: dict[str, Resources] = {}
_STYLE = re.compile(r"\(\*[^()]*\b(?:syn_)?r[ao]m_?style\b[^()]*\*\)")
"""An attribute that says where a memory goes. To Yosys it counts for more than ``-nobram``."""


@dataclass(frozen=True)
class Synthesis:
    """A synthesized module.

    Attributes:
        resources: what it takes.
        netlist: the Verilog of the family's cells, the module's name and ports as they were.
        warnings: what Yosys warned of.
    """

    resources: Resources
    netlist: str
    warnings: tuple[str, ...]


def measure(
    sources: Mapping[str, str],
    top: str,
    family: str,
    *,
    brams: bool,
    dsps: bool,
    patience: float = PATIENCE,
    cache: Path | None = None,
) -> Resources:
    """What a module takes of a family of FPGAs, by Yosys; asked again, it is remembered.

    Args:
        sources: text by file name, as ``emit`` gives them: Verilog, and the tables that it reads. What is neither
            is left out, and so are test benches (``NAME_tb.v`` beside ``NAME.v``).
        top: the module.
        family: a name from ``FAMILIES``.
        brams: memories may go into block RAM, or into memories made of lookup tables; without, attributes in the
            text that ask for it are left out.
        dsps: multipliers may go into DSP blocks.
        patience: seconds that Yosys may take.
        cache: a folder where results are kept for other processes and later runs; made if it is not there.

    Raises:
        GelugenError: there is no Yosys or family of that name, the texts are refused, or Yosys does not end in time.
    """
    chosen = get_family(family)
    key = _key(needed(sources), chosen.synthesis(top, brams=brams, dsps=dsps))
    kept = cache / f"{key}.json" if cache else None
    if key not in _known and kept:
        with suppress(OSError, ValueError, TypeError):  # what cannot be read is measured again
            _known[key] = Resources(**json.loads(kept.read_text()))
    if key not in _known:
        _known[key] = synthesize(sources, top, family, brams=brams, dsps=dsps, patience=patience).resources
    if kept and not kept.exists():
        _keep(kept, _known[key])
    return _known[key]


def remember(
    sources: Mapping[str, str], top: str, family: str, resources: Resources, *, brams: bool, dsps: bool
) -> None:
    """Have ``measure`` know what another process has found."""
    _known[_key(needed(sources), get_family(family).synthesis(top, brams=brams, dsps=dsps))] = resources


def netlist(
    sources: Mapping[str, str], top: str, family: str, *, brams: bool, dsps: bool, patience: float = PATIENCE
) -> str:
    """The module as Verilog of a family's cells, to be simulated with ``cells``; arguments as in ``measure``."""
    return synthesize(sources, top, family, brams=brams, dsps=dsps, patience=patience).netlist


def cells(family: str) -> Path:
    """The Verilog models of a family's cells. A simulator needs the file's folder for includes, and
    ``FAMILIES[family].defines`` as macros.

    Raises:
        GelugenError: there is no Yosys, or it came without them.
    """  # noqa: D205
    return find().cells / get_family(family).library


def synthesize(
    sources: Mapping[str, str],
    top: str,
    family: str,
    *,
    brams: bool,
    dsps: bool,
    shifters: bool = True,
    patience: float = PATIENCE,
) -> Synthesis:
    """Synthesize a module; arguments and errors as in ``measure``, but nothing is remembered.

    ``shifters`` is whether lookup tables may shift.
    """
    chosen = get_family(family)
    with workshop() as work:
        ran = run_script(
            [
                *lay_out(sources, work, brams=brams),
                chosen.synthesis(top, brams=brams, dsps=dsps, shifters=shifters),
                "tee -q -o cells.json stat -json",
                "write_verilog -noattr netlist.v",
            ],
            work,
            patience,
        )
        resources = counted((work / "cells.json").read_text(), chosen)
        return Synthesis(resources, (work / "netlist.v").read_text(), ran.warnings)


def counted(stat: str, family: Family) -> Resources:
    """The resources in what ``stat -json`` of Yosys printed."""
    by_type = json.loads(stat)["design"].get("num_cells_by_type", {})
    return family.count({str(name): int(number) for name, number in by_type.items()})


def needed(sources: Mapping[str, str]) -> dict[str, str]:
    """The files of a synthesis: no test bench, and nothing but Verilog and tables.

    Raises:
        ValueError: a name is none that a script of Yosys takes.
    """
    kept = {
        name: text
        for name, text in sources.items()
        if name.endswith((".v", ".vh", ".mem", ".hex"))
        and not (name.endswith("_tb.v") and f"{name.removesuffix('_tb.v')}.v" in sources)
        and not name.endswith("_expected.mem")
    }
    if odd := [name for name in kept if not re.fullmatch(r"\w[\w.-]*", name, re.ASCII)]:
        raise ValueError(f"{odd[0]!r} is no plain file name")
    return kept


def lay_out(sources: Mapping[str, str], work: Path, *, brams: bool) -> list[str]:
    """Write the files of a synthesis into a folder; gives the commands that read them.

    Without block RAM, attributes that ask for it are left out.
    """
    kept = needed(sources)
    for name, text in kept.items():
        (work / name).write_text(text if brams else _STYLE.sub("", text), encoding="utf-8")
    return [f"read_verilog {name}" for name in kept if name.endswith(".v")]


def _key(kept: Mapping[str, str], command: str) -> str:
    yosys = find()
    said = json.dumps([yosys.version, command, kept], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _keep(path: Path, resources: Resources) -> None:
    """Put a result into the cache in one step: another process may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".new-{os.getpid()}")
    new.write_text(json.dumps(resources.to_json()))
    new.replace(path)
