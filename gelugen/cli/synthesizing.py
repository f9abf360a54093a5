"""The command ``synth``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gelugen.cli.printing import bar, print_json, print_table
from gelugen.cli.requests import load_own
from gelugen.errors import GelugenError

if TYPE_CHECKING:
    from gelugen.store import Bundle
    from gelugen.synthesis import Measured, Task

HEADS = ("LUTs", "FF", "carry", "wide muxes", "BRAM", "DSP")


def synth(options: argparse.Namespace) -> int:
    """Synthesize designs for families of FPGAs, and print what each takes."""
    from gelugen.store import read
    from gelugen.synthesis import find, run_tasks

    load_own(options.function, accuracy=options.accuracy)
    families = _families(options.family, options.fmax)
    yosys = find()
    bundles = [read(folder) for folder in dict.fromkeys(options.folders)]
    tasks = {(str(bundle.folder), family): _task(bundle, family, options) for bundle in bundles for family in families}
    keys, found = list(tasks), dict.fromkeys(tasks)
    measured: dict[tuple[str, str], Measured] = {}
    with bar(options.json) as say:
        say(0, len(found))
        for number, result in run_tasks(list(tasks.values()), options.jobs):
            measured[keys[number]] = result
            say(len(measured), len(found))
    hashes = {str(bundle.folder): bundle.manifest["manifest_sha256"] for bundle in bundles}
    if options.json:
        print_json(
            {
                "yosys": yosys.version,
                "brams": not options.no_bram,
                "dsps": not options.no_dsp,
                "designs": [_json(hashes[folder], folder, family, measured[folder, family]) for folder, family in keys],
            }
        )
        return 0
    heads = ["design", "family", *(f">{head}" for head in HEADS), *([">Fmax"] if options.fmax else [])]
    print_table(heads, [_row(folder, family, measured[folder, family], options.fmax) for folder, family in keys])
    if any(each.resources.inverters for each in measured.values()):
        print("+n: inverters (INV) beside the LUTs, which the vendor's tool moves into other cells where it can")
    return 0


def _families(asked: str | None, fmax: bool) -> list[str]:
    """The families that are asked for, each there with the tools that it needs.

    Raises:
        GelugenError: one is not known, or nextpnr is missing.
    """
    from gelugen.synthesis import DEVICES, FAMILIES, find_nextpnr, get_family

    names = list(FAMILIES) if asked is None else [name.strip() for name in asked.split(",")]
    families = [get_family(name).name for name in dict.fromkeys(names)]
    placed = [name for name in families if name in DEVICES]
    if fmax and not placed:
        raise GelugenError(f"--fmax with --family {asked}: nextpnr has {' and '.join(DEVICES)}, so ask for one of them")
    for name in placed if fmax else ():
        find_nextpnr(name)
    return families


def _task(bundle: Bundle, family: str, options: argparse.Namespace) -> Task:
    from gelugen.synthesis import DEVICES, Task

    return Task(
        _sources(bundle),
        bundle.name,
        family,
        brams=not options.no_bram,
        dsps=not options.no_dsp,
        fmax=options.fmax and family in DEVICES,
    )


def _sources(bundle: Bundle) -> Mapping[str, str]:
    return {name: (Path(bundle.folder) / name).read_text(encoding="utf-8") for name in bundle.manifest["files"]}


def _json(manifest: str, folder: str, family: str, found: Measured) -> dict[str, Any]:
    fmax = {"fmax": found.fmax.to_json()} if found.fmax else {}
    where = {"name": Path(folder).name, "folder": folder, "manifest_sha256": manifest}
    return {**where, "family": family, **found.resources.to_json(), **fmax}


def _row(folder: str, family: str, found: Measured, fmax: bool) -> list[str]:
    got = found.resources
    luts = f"{got.luts}" + (f" +{got.inverters}" if got.inverters else "")
    numbers = (got.flip_flops, got.carry, got.wide_muxes, got.block_rams, got.dsps)
    speed = [f"{found.fmax.mhz:.1f} MHz" if found.fmax else "-"] if fmax else []
    return [Path(folder).name, family, luts, *map(str, numbers), *speed]
