"""What other commands have found of designs, read from their files; what is taken is tied to a design by hashes.

| file | of | tied by |
|---|---|---|
| JSON of ``gelugen verify --json`` | verdicts | ``manifest_sha256``, which covers the hash of every file |
| JSON of ``gelugen synth --json`` | resources and clock frequencies | the same |
| JSON with a list ``instructions`` | figures of a processor, by whatever names they have | the same |
| ``results.jsonl`` of ``gelugen explore`` | designs of every architecture | the hash of the request, see ``task_key`` |
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gelugen.architectures import ARCHITECTURES
from gelugen.errors import GelugenError
from gelugen.explore import is_results, read_results
from gelugen.explore.results import Result, task_key
from gelugen.spec import Spec
from gelugen.store import Bundle
from gelugen.units import designs_of
from gelugen.verify import Verdict

RESOURCES = {
    "luts": "LUTs",
    "flip_flops": "FF",
    "carry": "carry",
    "wide_muxes": "wide muxes",
    "block_rams": "BRAM",
    "dsps": "DSP",
    "inverters": "inverters",
}
"""Heads of a synthesis table, by the fields of ``Resources``."""
ON_CORE = {"instructions": "instructions an element", "code_bytes": "bytes of code", "table_bytes": "bytes of tables"}
"""Heads of a table of a core's figures."""


@dataclass(frozen=True)
class Rows:
    """A small table: a line above it, heads, and cells of text."""

    caption: str
    heads: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]


@dataclass
class Records:
    """All that files say, by the ``manifest_sha256`` of a design; explorations by the hash of a task."""

    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    synthesis: dict[str, list[Rows]] = field(default_factory=dict)
    instructions: dict[str, list[Rows]] = field(default_factory=dict)
    explored: dict[str, Result] = field(default_factory=dict)

    def speaks_of(self, bundle: Bundle) -> bool:
        """Whether anything here is about a design."""
        key = bundle.manifest["manifest_sha256"]
        if any(key in kind for kind in (self.verdicts, self.synthesis, self.instructions)):
            return True
        return bool(self.explored) and any(self.results(each.spec) for _, each in designs_of(bundle.design))

    def results(self, spec: Spec) -> list[Result]:
        """What an exploration found for a spec, one of each architecture."""
        if spec.guarantee is None or not self.explored:
            return []
        keys = [task_key(spec, name) for name in ARCHITECTURES]
        return [self.explored[key] for key in keys if key in self.explored]

    def take(self, other: Records) -> None:
        """Add what another file says."""
        for mine, theirs in ((self.synthesis, other.synthesis), (self.instructions, other.instructions)):
            for key, rows in theirs.items():
                mine.setdefault(key, []).extend(rows)
        for key, verdicts in other.verdicts.items():
            self.verdicts.setdefault(key, []).extend(verdicts)
        self.explored.update(other.explored)


def gather(paths: Iterable[Path], bundles: Sequence[Bundle]) -> Records:
    """Read files that speak of designs.

    Raises:
        GelugenError: one cannot be read, is of no known kind, or says nothing about any of the designs as they are.
    """
    records = Records()
    for path in paths:
        found = _read(path)
        if not any(found.speaks_of(bundle) for bundle in bundles):
            names = ", ".join(bundle.name for bundle in bundles[:3]) + (" and others" if len(bundles) > 3 else "")
            raise GelugenError(
                f"--results {path} says nothing about {names} as it is now, by its hashes: make the file again"
            )
        records.take(found)
    return records


def _read(path: Path) -> Records:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GelugenError(f"--results {path} cannot be read ({(error.strerror or str(error)).lower()})") from None
    if is_results(data):
        return Records(explored=read_results(path, data))
    try:
        found = json.loads(data)
        if "passed" in found:
            return _verdicts(found)
        if "yosys" in found:
            return _synthesis(found)
        if "instructions" in found:
            return Records(instructions=_tables(found["instructions"], ""))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise GelugenError(
        f"--results {path} is not what gelugen verify --json, gelugen synth --json or gelugen explore have written"
    )


def _verdicts(data: Mapping[str, Any]) -> Records:
    """The verdicts of ``gelugen verify --json``; the first of each design, which is made anew here, is left out."""
    found = Records()
    for folder, verdicts in data["designs"].items():
        made = [_verdict(each) for each in verdicts]
        found.verdicts.setdefault(str(data["manifests"][folder]), []).extend(made[1:])
    return found


def _verdict(data: Mapping[str, Any]) -> Verdict:
    made = Verdict(**data)
    numbers = (made.codes, made.checked, made.mismatches)
    if made.status not in ("pass", "fail", "skipped") or made.of not in ("codes", "files", "properties"):
        raise ValueError("a verdict must pass, fail or be skipped")
    if not all(type(number) is int for number in numbers) or (made.first_mismatch and len(made.first_mismatch) != 3):
        raise TypeError("a verdict counts codes")
    return made


def _synthesis(data: Mapping[str, Any]) -> Records:
    allowed = [
        f"{name} {'allowed' if data[key] else 'not used'}" for key, name in (("brams", "block RAM"), ("dsps", "DSP"))
    ]
    rows = []
    for each in data["designs"]:
        counts = {head: each[key] for key, head in RESOURCES.items() if key != "inverters" or each[key]}
        fmax = {"Fmax, MHz": f"{each['fmax']['mhz']:.1f}", "device": each["fmax"]["device"]} if "fmax" in each else {}
        rows.append({"manifest_sha256": each["manifest_sha256"], "family": each["family"], **counts, **fmax})
    return Records(synthesis=_tables(rows, f"Yosys {data['yosys']}; {', '.join(allowed)}"))


def _tables(rows: Sequence[Mapping[str, Any]], caption: str) -> dict[str, list[Rows]]:
    """One table for each design, whose heads are the keys of its rows."""
    by_design: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        rest = {key: value for key, value in row.items() if key not in ("manifest_sha256", "name", "folder")}
        by_design.setdefault(str(row["manifest_sha256"]), []).append(rest)
    made = {}
    for key, each in by_design.items():
        heads = tuple(dict.fromkeys(head for row in each for head in row))
        cells = tuple(tuple(str(row.get(head, "-")) for head in heads) for row in each)
        made[key] = [Rows(caption, tuple(head.replace("_", " ") for head in heads), cells)]
    return made
