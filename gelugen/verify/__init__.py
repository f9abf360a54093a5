"""Artifacts against ``eval``, bit for bit and over every code: one function a tool, no tolerance.

Of gated units with more than 16 input bits not all pairs of codes are driven, but every gate code with chosen and
random ones of up (``Gated.stimulus``).

``verify`` first rebuilds the golden codes from the Spec and checks the guarantee on the manifest's design;
then each tool says how many codes it checked (all 2^bits of them), how many differ, and the first that does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gelugen.emit.manifest import facts
from gelugen.errors import GelugenError
from gelugen.gated import Gated
from gelugen.products import ProductAccuracy
from gelugen.store import Bundle, read
from gelugen.units import Unit, measure
from gelugen.verify.c import check_c, missing_compiler
from gelugen.verify.icarus import check_icarus, missing_icarus
from gelugen.verify.verdict import Verdict, code_count

__all__ = ["TOOLS", "Verdict", "check_guarantee", "passed", "verify"]


@dataclass(frozen=True)
class Tool:
    """A name for ``--with``: what checks a folder, and what says that the tool is missing."""

    check: Callable[[Path, str, Unit], list[Verdict]]
    missing: Callable[[], str]


TOOLS = {"cc": Tool(check_c, missing_compiler), "icarus": Tool(check_icarus, missing_icarus)}


def verify(folder: Path | str, tools: Sequence[str] | None = None) -> list[Verdict]:
    """Check a design's folder: hashes, then the guarantee, then the tools.

    Args:
        folder: a folder that ``generate`` has made.
        tools: names from ``TOOLS``; each must be there. None takes those that are there and reports the rest
            as skipped, except where the environment variable CI is set: there, a missing tool is an error.

    Raises:
        GelugenError: the folder is incomplete or was changed, or a tool is missing.
    """
    bundle = read(folder)
    absent = [tool.missing() for tool in TOOLS.values()]
    if tools is None and all(absent):
        raise GelugenError("no tool to verify with is there: " + "; ".join(absent))
    verdicts = [check_guarantee(bundle)]
    for name in tools if tools is not None else TOOLS:
        if name not in TOOLS:
            raise GelugenError(f"tool {name!r} is not known: it must be one of {', '.join(TOOLS)}")
        missing = TOOLS[name].missing()
        if missing and (tools is not None or os.environ.get("CI", "").lower() not in ("", "0", "false")):
            raise GelugenError(missing)
        if missing:
            verdicts.append(Verdict(name, "skipped", code_count(bundle.design), note=missing))
        else:
            verdicts += TOOLS[name].check(bundle.folder, bundle.name, bundle.design)
    return verdicts


def passed(verdicts: Sequence[Verdict]) -> bool:
    """Whether nothing failed and at least one tool compared every code."""
    return not any(each.status == "fail" for each in verdicts) and any(each.status == "pass" for each in verdicts[1:])


def check_guarantee(bundle: Bundle) -> Verdict:
    """The guarantees, against golden codes rebuilt from the spec; and the manifest's own account of the unit."""
    start = time.monotonic()
    unit = bundle.design
    design = unit.design if isinstance(unit, Gated) else unit
    first: tuple[int | tuple[int, ...], int, int] | None = None
    total, note, outside = code_count(unit), "", 0
    accuracy = measure(unit)
    act = accuracy.activation if isinstance(accuracy, ProductAccuracy) else accuracy
    said = facts(unit, bundle.target, accuracy)
    if act.first_outside is not None:
        code, outside = act.first_outside, act.outside
        right = int(design.spec.golden().codes[code - design.spec.input.code_min])
        first = (code, right, int(design.eval([code])[0]))
        note = f"these codes break {design.spec.aim}"
    elif isinstance(unit, Gated) and isinstance(accuracy, ProductAccuracy) and not accuracy.keeps:
        outside = accuracy.outside
        if accuracy.first_outside:
            gate, up, right, got = accuracy.first_outside
            first = ((gate, up), right, got)
        note = f"multiplier {unit.multiplier} and shift {unit.shift} break requantize {unit.spec.requantize}"
    elif wrong := [key for key, value in said.items() if bundle.manifest.get(key) != value]:
        note = f"the manifest's {wrong[0]} is not that of its design"
    elif missing := _expected(bundle) - set(bundle.manifest["files"]):
        note = f"the manifest does not name {min(missing)}"
    return Verdict(
        unit.spec.aim if design.spec.guarantee is None else f"guarantee {unit.spec.aim}",
        "fail" if note else "pass",
        total,
        total,
        outside,
        first,
        seconds=time.monotonic() - start,
        note=note,
    )


def _expected(bundle: Bundle) -> set[str]:
    """Files that every folder has."""
    ends = (".h", ".v", "_tb.v", *(("_act.v",) if isinstance(bundle.design, Gated) else ()))
    return {f"{bundle.name}{end}" for end in ends}
