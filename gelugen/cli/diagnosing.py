"""The command ``doctor``."""

from __future__ import annotations

import argparse
import platform
from contextlib import nullcontext

import gelugen
from gelugen.cli.printing import print_json, print_table, progress


def doctor(options: argparse.Namespace) -> int:
    """Say which tools are there; gives 1 if ``gelugen verify`` would have none to compare files with."""
    from gelugen.doctor import diagnose

    with nullcontext(lambda _: None) if options.json else progress() as tell:
        found = diagnose(tell)
    if options.json:
        print_json(
            {
                "gelugen": gelugen.__version__,
                "python": platform.python_version(),
                "ready": found.ready,
                "tools": [each.to_json() for each in found.findings],
                "verify": {name: {"ready": not lacks, "lacks": lacks or None} for name, lacks in found.lacks.items()},
            }
        )
        return 0 if found.ready else 1
    print(f"gelugen {gelugen.__version__}, Python {platform.python_version()}")
    rows = [
        (
            each.need.name,
            (each.found.version or "there") if each.found.status == "there" else each.found.status.upper(),
            "; ".join(each.need.needed_by),
            "" if each.found.status == "there" else each.need.install,
        )
        for each in found.findings
    ]
    print_table(["tool", "version", "needed by", "how to get it"], rows)
    print_table(
        ["verify --with", "", "lacks"],
        [(name, "no" if lacks else "ready", lacks) for name, lacks in found.lacks.items()],
    )
    if found.ready:
        print("`gelugen verify` can compare files with NumPy over every code")
    else:
        print("`gelugen verify` has nothing to compare files with: install gcc, or Icarus Verilog and cocotb")
    return 0 if found.ready else 1
