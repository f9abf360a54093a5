"""The AXI4-Stream wrapper under the cocotb bench ``sim/stream.py``, in whatever simulator."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gelugen.emit import latency
from gelugen.emit.stream import Bus, buses
from gelugen.formats import Codes
from gelugen.target import Target
from gelugen.tools import PATIENCE, first_error, workshop
from gelugen.units import Unit
from gelugen.verify.bench import ICARUS, Simulator, as_code, lay_out, modules, simulate
from gelugen.verify.verdict import Verdict, code_count, sample


def check_stream(
    tool: str, folder: Path, name: str, unit: Unit, target: Target | None = None, simulator: Simulator = ICARUS
) -> list[Verdict]:
    """The wrapper's verdict, if the folder has one; arguments as in ``sweep_stream``."""
    if not (folder / f"{name}_axis.v").is_file():
        return []
    clocks, lanes = latency(unit, target) + 1, target.lanes if target else 1
    return [sweep_stream(tool, folder, name, unit, clocks, lanes, simulator)]


def sweep_stream(
    tool: str,
    folder: Path,
    name: str,
    unit: Unit,
    latency: int,
    lanes: int = 1,
    simulator: Simulator = ICARUS,
    patience: float = PATIENCE,
) -> Verdict:
    """The wrapper under ``sim/stream.py``: all codes, with gaps, stalls, packets and resets midway.

    Args:
        tool: what the verdict calls the simulator.
        folder: where ``name_axis.v`` and what is inside it are.
        name: of the module inside.
        unit: what it must compute.
        latency: clocks from an accepted transfer to its result, one more than the module's.
        lanes: samples of a transfer.
        simulator: what runs it.
        patience: seconds after which a build and a simulation that have not ended have failed.
    """
    start, total = time.monotonic(), code_count(unit)
    tool = f"{tool}, cocotb stream"
    source, sink = buses(unit, lanes)
    drives = unit.stimulus()
    order = _order(source, dict(zip(unit.ports, drives, strict=True)), lanes)
    asked = {
        "latency": latency,
        "transfers": source.words({port: codes[order] for port, codes in zip(unit.ports, drives, strict=True)}),
        "ignored": source.ignored,
    }
    with workshop() as work:
        lay_out(folder.resolve(), name, work)
        shutil.copy(folder / f"{name}_axis.v", work)
        (work / "sweep.json").write_text(json.dumps(asked))
        log = simulate(simulator, work, f"{name}_axis", [*modules(work, name), f"{name}_axis.v"], patience, "stream")
        if not (work / "result.json").is_file():
            note = first_error(log) or "the simulation ended without a result"
            return Verdict(tool, "fail", total, seconds=time.monotonic() - start, note=note)
        seen = json.loads((work / "result.json").read_text())
    return _judge(tool, unit, sink, order, seen, start)


def _order(source: Bus, drives: dict[str, Codes], lanes: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The samples in the order in which they fill transfers, alike on ports that lanes share; the last ones repeat."""
    shared = [port for port in source.ports if lanes > 1 and sum(port == each.port for each in source.fields) == 1]
    keys = np.stack([drives[port] for port in shared]) if shared else np.zeros((1, len(next(iter(drives.values())))))
    groups = np.unique(keys, axis=1, return_inverse=True)[1].ravel()
    return np.concatenate(
        [np.resize(group, -(-len(group) // lanes) * lanes) for group in _alike(groups)],
    )


def _alike(groups: np.ndarray[Any, np.dtype[np.intp]]) -> Iterator[np.ndarray[Any, np.dtype[np.intp]]]:
    """The places of each number."""
    for number in range(int(groups.max()) + 1):
        yield np.flatnonzero(groups == number)


def _judge(tool: str, unit: Unit, sink: Bus, order: Any, seen: dict[str, Any], start: float) -> Verdict:
    """The verdict on a result of ``sim/stream.py``."""
    drives = unit.stimulus()
    right = sink.words({"out_data": unit.eval(*(codes[order] for codes in drives))})
    compared: set[int] = set()
    wrong: dict[int, str] = {}
    unknown = 0
    for number, (bits, word) in enumerate(zip(seen["data"], right, strict=True)):
        if bits is None:
            continue
        unknown += not set(bits) <= {"0", "1"}
        for field in sink.fields:
            at = int(order[number * sink.lanes + field.lane])
            compared.add(at)
            # With the bits above the code
            low, end = field.low, field.end
            got = bits[len(bits) - end : len(bits) - low]
            if got != f"{word >> low & (1 << end - low) - 1:0{end - low}b}":
                wrong.setdefault(at, got)
    notes = [f"unknown bits (X or Z) in {unknown} transfers"] if unknown else []
    if seen["protocol"]:
        notes.append(f"handshake: {seen['protocol'][0]}")
    if len(compared) != len(drives[0]):
        notes.append(f"only {len(compared)} of {len(drives[0])} codes came out")
    first = None
    if wrong:
        at = min(wrong)
        expected = int(unit.eval(*(codes[at : at + 1] for codes in drives))[0])
        first = (sample(drives, at), expected, as_code(wrong[at][-unit.output.bits :], unit))
    return Verdict(
        tool,
        "fail" if notes or wrong else "pass",
        len(drives[0]),
        len(compared),
        len(wrong),
        first,
        time.monotonic() - start,
        "; ".join(notes),
    )
