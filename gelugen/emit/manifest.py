"""The manifest: all that an evaluator needs, the measured errors, and each file's hash, as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import gelugen
from gelugen.accuracy import Accuracy
from gelugen.emit.rendering import Contract, request_hash, searched, table_order
from gelugen.formats import Format
from gelugen.gated import Gated
from gelugen.products import ProductAccuracy
from gelugen.spec import Target, command
from gelugen.units import Unit, latency, warnings

MANIFEST = "manifest.json"
SCHEMA = 3


def manifest_text(unit: Unit, target: Target, contract: Contract, files: Mapping[str, str]) -> str:
    """The manifest of a unit and its files."""
    data = {
        "schema": SCHEMA,
        "generator": f"gelugen {gelugen.__version__}",
        **facts(unit, target, contract.accuracy),
        "files": {name: sha256(text) for name, text in files.items()},
    }
    return dump({**data, "manifest_sha256": digest(data)})


def facts(unit: Unit, target: Target, accuracy: Accuracy | ProductAccuracy) -> dict[str, Any]:
    """All that a manifest says which follows from unit and target, and so can be checked again."""
    design = unit.design if isinstance(unit, Gated) else unit
    return {
        "kind": unit.kind,
        "name": target.name,
        "command": command(unit.spec, target),
        "spec_sha256": request_hash(unit, target),
        "formats": {name: form.to_json() for name, form in _formats(unit).items()},
        "rom_bits": unit.rom_bits,
        "latency": latency(unit),
        "accuracy": accuracy.to_json(),
        "search": searched(design),
        "table_order": table_order(design),
        "warnings": list(warnings(unit.spec)),
        "design": unit.to_json(),
    }


def _formats(unit: Unit) -> dict[str, Format]:
    if isinstance(unit, Gated):
        return unit.spec.formats
    return {"input": unit.spec.input, "output": unit.spec.output}


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
