"""Every function of the catalogue as a design of 8 and of 16 bits: sizes and errors for the documentation's gallery.

Run it with ``python benchmarks/gallery.py`` (or ``make gallery-docs``): it writes ``docs/gallery.json``, from which
the page is made. ``--bits 8`` searches the small ones alone, and keeps the others.

Each design is searched with the default objective, ``balanced``, and its guarantee is checked over every code: correct
at 8 bits, faithful at 16. The input is q3.4 or q3.12. The output is the same, or, where the function tends to constants
at both ends, q1.6 or q1.14. ``exp`` is not defined for x > 0: its value at 0 stands there. ``errors`` are those of
every code of 8 bits, from the smallest, in thousandths of an ulp.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from gelugen.accuracy import check
from gelugen.emit.contract import searched
from gelugen.functions import CATALOGUE
from gelugen.pipeline import multipliers
from gelugen.search import build
from gelugen.spec import Spec
from gelugen.units import latency

DATA = Path(__file__).resolve().parents[1] / "docs" / "gallery.json"
FORMATS = {8: ("q3.4", "q1.6", "correct"), 16: ("q3.12", "q1.14", "faithful")}


def spec_of(name: str, bits: int) -> Spec:
    """What is asked of a function at so many bits."""
    wide, narrow, guarantee = FORMATS[bits]
    function = CATALOGUE[name].default
    bounded = all(end is None or not end.slope for end in function.ends)
    outside = "clamp" if function.domain_text else None
    return Spec(name, wide, narrow if bounded else wide, guarantee=guarantee, outside=outside)


def row(name: str, bits: int) -> dict[str, Any]:
    """The design of a function, and its errors."""
    spec = spec_of(name, bits)
    design = build(spec)
    accuracy = check(design)
    codes = spec.input.codes()
    errors = spec.golden().error(design.eval(codes))
    return {
        "function": name,
        "bits": bits,
        "input": str(spec.input),
        "output": str(spec.output),
        "guarantee": str(spec.guarantee),
        "architecture": design.architecture,
        "rom_bits": design.rom_bits,
        "multipliers": [list(each) for each in multipliers(design)],
        "latency": latency(design),
        "max_ulp": accuracy.max_ulp,
        "mean_ulp": accuracy.mean_ulp,
        "correctly_rounded": accuracy.correctly_rounded,
        "search": searched(design).partition(" ")[0].rstrip(":"),
        **({"errors": [round(1000 * float(each)) for each in errors]} if bits == 8 else {}),
    }


def main() -> None:
    """Search all designs, and write them as they come."""
    parser = argparse.ArgumentParser(description="Designs of the whole catalogue for docs/gallery.json.")
    parser.add_argument("--bits", type=int, choices=FORMATS, action="append", help="default: 8 and 16")
    asked = parser.parse_args().bits or list(FORMATS)
    kept = json.loads(DATA.read_text())["designs"] if DATA.is_file() else []
    rows = {(each["bits"], each["function"]): each for each in kept if each["bits"] not in asked}
    for bits in asked:
        for name in CATALOGUE:
            rows[bits, name] = found = row(name, bits)
            print(f"{name}, {bits} bits: {found['architecture']}, {found['rom_bits']} ROM bits", flush=True)
            ordered = [rows[key] for key in ((bits, name) for bits in FORMATS for name in CATALOGUE) if key in rows]
            text = ",\n".join(json.dumps(each, separators=(",", ":")) for each in ordered)
            DATA.write_text(f'{{"designs": [\n{text}\n]}}\n')


if __name__ == "__main__":
    main()
