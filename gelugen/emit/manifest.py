"""The manifest: all that an evaluator needs, the measured errors, and each file's hash, as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import gelugen
from gelugen.bank import Bank
from gelugen.design import Design
from gelugen.emit.contract import Contract, request_hash, searched, table_order
from gelugen.gated import Gated
from gelugen.objectives import Figures
from gelugen.spec import Target
from gelugen.units import AnyAccuracy, Unit, command, latency, warnings

MANIFEST = "manifest.json"
SCHEMA = 4


def manifest_text(unit: Unit, target: Target, contract: Contract, files: Mapping[str, str]) -> str:
    """The manifest of a unit and its files."""
    data = {
        "schema": SCHEMA,
        "generator": f"gelugen {gelugen.__version__}",
        **facts(unit, target, contract.accuracy, contract.figures),
        "files": {name: sha256(text) for name, text in files.items()},
    }
    return dump({**data, "manifest_sha256": digest(data)})


def facts(unit: Unit, target: Target, accuracy: AnyAccuracy, figures: Figures | None = None) -> dict[str, Any]:
    """All that a manifest says which follows from unit and target, and so can be checked again.

    Args:
        unit: what is written down.
        target: how.
        accuracy: its errors.
        figures: what was counted of a design that was chosen by it.
    """
    measured = {"measured": figures.to_json()} if figures else {}
    return {
        "kind": unit.kind,
        "name": target.name,
        "target": target.fields(),
        "command": command(unit.spec, target),
        "spec_sha256": request_hash(unit, target),
        "formats": _formats(unit),
        "rom_bits": unit.rom_bits,
        "latency": latency(unit, target),
        "accuracy": accuracy.to_json(),
        "search": figures.searched() if figures else _of_designs(unit, searched),
        **measured,
        "table_order": _of_designs(unit, table_order),
        "warnings": list(warnings(unit.spec)),
        "design": unit.to_json(),
    }


def _of_designs(unit: Unit, fact: Callable[[Design], str]) -> str | dict[str, str]:
    """A fact of the design, or of a bank that of each member by its name."""
    if isinstance(unit, Bank):
        return {name: fact(design) for name, design in unit.members.items()}
    return fact(unit.design if isinstance(unit, Gated) else unit)


def _formats(unit: Unit) -> dict[str, Any]:
    """The formats by their keys; of a bank only what all members share: scales and zero points are each one's own."""
    if isinstance(unit, Bank):
        forms = {**unit.ports, "output": unit.output}
        return {name: {"bits": form.bits, "signed": form.signed} for name, form in forms.items()}
    if isinstance(unit, Gated):
        return {name: form.to_json() for name, form in unit.spec.formats.items()}
    return {"input": unit.spec.input.to_json(), "output": unit.spec.output.to_json()}


def digest(data: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest without its own digest."""
    rest = {key: value for key, value in data.items() if key != "manifest_sha256"}
    return sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")))


def sha256(text: str | bytes) -> str:
    """SHA-256 of bytes, or of a text in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def dump(data: Mapping[str, Any]) -> str:
    """JSON text with lists of numbers on few lines."""
    text = json.dumps(data, indent=2)
    number_list = re.compile(r"\[\s+(-?\d+(?:,\s+-?\d+)*)\s+\]")

    def rows(match: re.Match[str]) -> str:
        numbers = re.split(r",\s+", match[1])
        lines = [", ".join(numbers[start : start + 16]) for start in range(0, len(numbers), 16)]
        return "[" + ",\n  ".join(lines) + "]"

    return number_list.sub(rows, text) + "\n"
