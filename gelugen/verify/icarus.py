"""The Verilog files, through Icarus: under the cocotb bench, and under their own bench."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from gelugen.assets import folder as asset_folder
from gelugen.emit import latency
from gelugen.formats import Codes
from gelugen.units import Unit
from gelugen.verify.verdict import Verdict, code_count, first_error, run, sample, tool_version, workshop


def check_icarus(folder: Path, name: str, unit: Unit) -> list[Verdict]:
    """The module under the cocotb bench, then under its own plain-Verilog bench."""
    version = tool_version("iverilog", "-V").replace(" version", "")
    return [sweep_cocotb(version, folder, name, unit), run_own_bench(version, folder, name, unit)]


def sweep_cocotb(version: str, folder: Path, name: str, unit: Unit) -> Verdict:
    """The module under ``sim/sweep.py``: all codes, gaps in valid, a reset midway."""
    start, total = time.monotonic(), code_count(unit)
    tool = f"{version}, cocotb sweep"
    with workshop() as work:
        (work / "sweep.json").write_text(json.dumps(_asked(unit)))
        environment = {
            "GELUGEN_SWEEP": str(work / "sweep.json"),
            "GELUGEN_RESULT": str(work / "result.json"),
        }
        log = _simulate(work, folder.resolve(), name, environment)
        if not (work / "result.json").is_file():
            note = first_error(log) or "the simulation ended without a result"
            return Verdict(tool, "fail", total, seconds=time.monotonic() - start, note=note)
        result = json.loads((work / "result.json").read_text())
    notes = []
    if result["unknown"]:
        notes.append(f"unknown bits (X or Z) at {result['unknown']} codes")
    if result["protocol"]:
        notes.append(f"handshake: {result['protocol'][0]}")
    if result["checked"] != total:
        notes.append(f"only {result['checked']} of {total} codes came out")
    first = result["first"]
    if first:
        first = (sample(unit.stimulus(), first[0]), *(_as_code(bits, unit) for bits in first[1:]))
    return Verdict(
        tool,
        "fail" if notes or result["mismatches"] else "pass",
        total,
        result["checked"],
        result["mismatches"],
        first,
        time.monotonic() - start,
        "; ".join(notes),
    )


def _asked(unit: Unit) -> dict[str, Any]:
    """What ``sim/sweep.py`` drives and expects, as unsigned words."""
    drives, widths = unit.stimulus(), [form.bits for form in unit.ports.values()]
    return {
        "latency": latency(unit),
        "ports": dict(zip(unit.ports, widths, strict=True)),
        "samples": [_words(codes, bits) for codes, bits in zip(drives, widths, strict=True)],
        "expected": _words(unit.eval(*drives), unit.output.bits),
    }


def _words(codes: Codes, bits: int) -> list[int]:
    return [code & (1 << bits) - 1 for code in codes.tolist()]


def _simulate(work: Path, folder: Path, name: str, environment: dict[str, str]) -> bytes:
    """Build and run the module under ``sim/sweep.py``; gives what the tools printed.

    The only place that knows cocotb's runner, which its documentation calls experimental.
    """
    from cocotb_tools.runner import get_runner

    runner = get_runner("icarus")
    runner.log.disabled = True
    _lay_out(folder, name, work)
    logs = work / "build.log", work / "run.log"
    common: dict[str, Any] = {"hdl_toplevel": name, "build_dir": work}
    bench = str(asset_folder("sim"))
    sys.path.insert(0, bench)  # the runner hands sys.path on to the simulation, and nothing else
    try:
        runner.build(
            sources=[work / each for each in _modules(folder, name)],
            build_args=["-g2001"],
            always=True,
            log_file=logs[0],
            **common,
        )
        runner.test(
            test_module="sweep",
            test_dir=work,
            results_xml=str(work / "results.xml"),
            extra_env={**_BENCH_ENVIRONMENT, **environment},
            log_file=logs[1],
            **common,
        )
    except (SystemExit, RuntimeError, subprocess.CalledProcessError):
        pass  # the bench's own result, or its absence, is the verdict
    finally:
        sys.path.remove(bench)
    return b"".join(log.read_bytes() for log in logs if log.is_file())


_BENCH_ENVIRONMENT = {
    "COCOTB_LOG_LEVEL": "WARNING",
    "COCOTB_REWRITE_ASSERTION_FILES": "",  # or every run imports pytest
}


def _lay_out(folder: Path, name: str, work: Path) -> None:
    """Copy sources and tables to where the simulation runs: $readmemh looks there, and no odd path matters."""
    for path in [*(folder / each for each in _modules(folder, name)), *folder.glob(f"{name}*.mem")]:
        shutil.copy(path, work)
    if (folder / f"{name}_tb.v").is_file():
        shutil.copy(folder / f"{name}_tb.v", work)


def _modules(folder: Path, name: str) -> list[str]:
    """The files of the module, and of the activation inside a gated unit."""
    return [each for each in (f"{name}.v", f"{name}_act.v") if (folder / each).is_file()]


def run_own_bench(version: str, folder: Path, name: str, unit: Unit) -> Verdict:
    """The module under the emitted test bench; its last line is the verdict."""
    start, drives = time.monotonic(), unit.sequence()
    total = len(drives[0])
    tool = f"{version}, own test bench"
    with workshop() as work:
        _lay_out(folder, name, work)
        built = run(["iverilog", "-g2001", "-o", "bench.vvp", f"{name}_tb.v", *_modules(folder, name)], work)
        ran = run(["vvp", "-n", "bench.vvp"], work) if not built.returncode else built
    text = ran.stdout.decode(errors="replace")
    said = re.search(r"^(PASS|FAIL): (\d+) of (\d+) codes checked, (\d+) mismatches", text, re.MULTILINE)
    seconds = time.monotonic() - start
    if not said:
        failed = re.search(r"^FAIL: .*", text, re.MULTILINE)
        note = failed[0] if failed else first_error(ran.stderr + ran.stdout) or "the bench gave no verdict"
        return Verdict(tool, "fail", total, seconds=seconds, note=note)
    checked, mismatches = int(said[2]), int(said[4])
    good = said[1] == "PASS" and checked == total and not mismatches
    first = None
    if at := re.search(r"^mismatch at sample (\d+): valid ., got (\w+), expected (\w+)", text, re.MULTILINE):
        number = min(int(at[1]), total - 1)
        first = (sample(drives, number), _as_code(at[3], unit), _as_code(at[2], unit))
    return Verdict(tool, "pass" if good else "fail", total, checked, mismatches, first, seconds)


def missing_icarus() -> str:
    """Empty if Icarus and cocotb are there, else what to install."""
    if not (shutil.which("iverilog") and shutil.which("vvp")):
        return "Icarus Verilog is missing: apt-get install iverilog, or on macOS brew install icarus-verilog"
    if importlib.util.find_spec("cocotb_tools") is None:
        return "cocotb is missing: pip install 'gelugen[rtl]'"
    return ""


def _as_code(bits: int | str, unit: Unit) -> int | str:
    """An output code from its bits; a word with an unknown bit stays as it is."""
    form = unit.output
    if isinstance(bits, str):
        if not set(bits) <= {"0", "1"}:
            return bits
        bits = int(bits, 2)
    return bits - (1 << form.bits) if form.signed and bits >> form.bits - 1 else bits
