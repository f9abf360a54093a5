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

from gelugen import cores
from gelugen.accuracy import Accuracy
from gelugen.bank import Bank, BankAccuracy
from gelugen.design import Design
from gelugen.emit.manifest import facts
from gelugen.errors import GelugenError
from gelugen.gated import Gated
from gelugen.products import ProductAccuracy
from gelugen.store import Bundle, read
from gelugen.target import Target
from gelugen.units import AnyAccuracy, Unit, measure
from gelugen.verify.bare_metal import check_core
from gelugen.verify.c import check_c, check_compilers, missing_compiler
from gelugen.verify.cppcheck import check_cppcheck, missing_cppcheck
from gelugen.verify.flash import over_budget
from gelugen.verify.formal import check_formal, missing_formal
from gelugen.verify.gates import check_gates, missing_gates
from gelugen.verify.icarus import check_icarus, missing_icarus
from gelugen.verify.lint import check_lint, missing_linters
from gelugen.verify.verdict import Verdict, code_count
from gelugen.verify.verilator import check_verilator, missing_verilator

__all__ = ["ALL", "TOOLS", "Verdict", "check_guarantee", "chosen", "passed", "verify"]


@dataclass(frozen=True)
class Tool:
    """A name for ``--with``.

    Attributes:
        check: what checks a folder's files.
        missing: empty if all is there, else what to install.
        default: whether it is taken where no tool is named.
        parts: whether it is several tools, of which it takes those that are there, and skips the others.
    """

    check: Callable[[Path, str, Unit, Target], list[Verdict]]
    missing: Callable[[], str]
    default: bool = False
    parts: bool = False


def _check_c(folder: Path, name: str, unit: Unit, _: Target) -> list[Verdict]:
    return check_c(folder, name, unit)


def _check_compilers(folder: Path, name: str, unit: Unit, _: Target) -> list[Verdict]:
    return check_compilers(folder, name, unit)


def _check_cppcheck(folder: Path, name: str, *_: object) -> list[Verdict]:
    return [check_cppcheck(folder, name)]


def _core(core: str) -> Tool:
    return Tool(lambda folder, name, unit, _: check_core(folder, name, unit, core), lambda: cores.missing(core))


def _check_lint(folder: Path, *_: object) -> list[Verdict]:
    return check_lint(folder)


def _check_formal(folder: Path, name: str, unit: Unit, _: Target) -> list[Verdict]:
    return check_formal(folder, name, unit)


TOOLS = {
    "cc": Tool(_check_c, missing_compiler, default=True),
    "icarus": Tool(check_icarus, missing_icarus, default=True),
    "lint": Tool(_check_lint, missing_linters, default=True, parts=True),
    "verilator": Tool(check_verilator, missing_verilator),
    "gates": Tool(check_gates, missing_gates),
    "formal": Tool(_check_formal, missing_formal),
    "compilers": Tool(_check_compilers, missing_compiler),
    "cppcheck": Tool(_check_cppcheck, missing_cppcheck),
    **{name: _core(name) for name in cores.CORES},
}
ALL = "all"
"""In place of names: every tool."""


def verify(
    folder: Path | str, tools: Sequence[str] | None = None, tell: Callable[[str], object] = lambda _: None
) -> list[Verdict]:
    """Check a design's folder: hashes, then the guarantee, then the tools.

    Args:
        folder: a folder that ``generate`` has made.
        tools: names from ``TOOLS``, each of which must be there, or ``all``. None takes those of the default ones
            that are there and reports the rest as skipped, except where the environment variable CI is set: there,
            a missing tool is an error.
        tell: called with the name of every tool before it starts.

    Raises:
        GelugenError: the folder is incomplete or was changed, or a tool is unknown or missing.
    """
    names = chosen(tools)
    missing = {name: TOOLS[name].missing() for name in names}
    absent = [missing[name] for name in names if not TOOLS[name].parts]
    if tools is None and all(absent):
        raise GelugenError("no tool to verify with is there: " + "; ".join(absent))
    needed = tools is not None or os.environ.get("CI", "").lower() not in ("", "0", "false")
    if needed and any(missing.values()):
        raise GelugenError(next(filter(None, missing.values())))
    tell("the guarantee")
    bundle = read(folder)
    verdicts = [check_guarantee(bundle)]
    for name in names:
        if missing[name] and not TOOLS[name].parts:
            verdicts.append(Verdict(name, "skipped", code_count(bundle.design), note=missing[name]))
        else:
            tell(name)
            verdicts += TOOLS[name].check(bundle.folder, bundle.name, bundle.design, bundle.target)
    return verdicts


def chosen(tools: Sequence[str] | None) -> list[str]:
    """The names from ``TOOLS`` that are meant, each once.

    Raises:
        GelugenError: a name is not known.
    """
    if tools is None:
        return [name for name, tool in TOOLS.items() if tool.default]
    if unknown := [name for name in tools if name not in TOOLS and name != ALL]:
        raise GelugenError(f"tool {unknown[0]!r} is not known: it must be one of {', '.join(TOOLS)}, or {ALL}")
    return list(TOOLS) if ALL in tools else list(dict.fromkeys(tools))


def passed(verdicts: Sequence[Verdict], named: bool = False) -> bool:
    """Whether nothing failed and at least one tool compared every code; of named tools, whether any has passed."""
    return not any(each.status == "fail" for each in verdicts) and any(
        each.status == "pass" and (named or each.of == "codes") for each in verdicts[1:]
    )


def check_guarantee(bundle: Bundle) -> Verdict:
    """The guarantees, against golden codes rebuilt from the spec; the flash budget; what the manifest says."""
    start = time.monotonic()
    unit = bundle.design
    first: tuple[int | tuple[int, ...], int, int] | None = None
    total, note = code_count(unit), ""
    accuracy = measure(unit)
    parts = _parts(unit, accuracy)
    outside = sum(measured.outside for _, measured in parts)
    said = facts(unit, bundle.target, accuracy, bundle.figures)
    if broken := [each for each in enumerate(parts) if each[1][1].first_outside is not None]:
        select, (design, measured) = broken[0]
        code = measured.first_outside or 0
        right = int(design.spec.golden().codes[code - design.spec.input.code_min])
        first = ((select, code) if isinstance(unit, Bank) else code, right, int(design.eval([code])[0]))
        note = f"these codes break {', '.join(dict.fromkeys(each.spec.aim for _, (each, _) in broken))}"
    elif isinstance(unit, Gated) and isinstance(accuracy, ProductAccuracy) and not accuracy.keeps:
        outside = accuracy.outside
        if accuracy.first_outside:
            gate, up, right, got = accuracy.first_outside
            first = ((gate, up), right, got)
        note = f"multiplier {unit.multiplier} and shift {unit.shift} break requantize {unit.spec.requantize}"
    elif over := over_budget(bundle):
        note = over
    elif wrong := [key for key, value in said.items() if bundle.manifest.get(key) != value]:
        note = f"the manifest's {wrong[0]} is not that of its design"
    elif missing := _expected(bundle) - set(bundle.manifest["files"]):
        note = f"the manifest does not name {min(missing)}"
    return Verdict(
        f"guarantee {unit.spec.aim}" if all(design.spec.guarantee for design, _ in parts) else unit.spec.aim,
        "fail" if note else "pass",
        total,
        total,
        outside,
        first,
        seconds=time.monotonic() - start,
        note=note,
    )


def _parts(unit: Unit, accuracy: AnyAccuracy) -> list[tuple[Design, Accuracy]]:
    """The designs of a unit with their errors: one, or those of a bank's members in their order."""
    if isinstance(unit, Bank) and isinstance(accuracy, BankAccuracy):
        return [(design, accuracy.members[name]) for name, design in unit.members.items()]
    if isinstance(unit, Gated) and isinstance(accuracy, ProductAccuracy):
        return [(unit.design, accuracy.activation)]
    if isinstance(unit, Design) and isinstance(accuracy, Accuracy):
        return [(unit, accuracy)]
    raise TypeError(f"a {unit.kind} has no {type(accuracy).__name__}")


def _expected(bundle: Bundle) -> set[str]:
    """Files that every folder has."""
    unit, ends = bundle.design, [".h", ".v", "_tb.v"]
    if isinstance(unit, Gated):
        ends.append("_act.v")
    elif isinstance(unit, Bank):
        ends += [".toml", *(["_rom.v"] if unit.table else [f"_m{number}.v" for number in range(len(unit.cores))])]
    return {f"{bundle.name}{end}" for end in ends}
