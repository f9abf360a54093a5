"""The figures of a design, for scripts and for people."""

from __future__ import annotations

from typing import Any

from gelugen.accuracy import shown
from gelugen.emit.rendering import describe
from gelugen.store import Bundle

_AIMS = ("guarantee", "minimise", "segments", "density", "grid")


def figures(bundle: Bundle) -> dict[str, Any]:
    """A design's figures, with the keys of ``gelugen show --json``; formats in gelugen's notation.

    Where there is no guarantee, ``minimise``, ``segments``, ``density`` and ``grid`` stand in its place.
    """
    spec, accuracy = bundle.design.spec, bundle.manifest["accuracy"]
    return {
        "name": bundle.name,
        "function": spec.function,
        "input": str(spec.input),
        "output": str(spec.output),
        **{name: text for name, text in spec.fields().items() if name in _AIMS},
        "architecture": bundle.design.architecture,
        "rom_bits": bundle.design.rom_bits,
        "max_ulp": accuracy["max_ulp"],
        "mean_ulp": accuracy["mean_ulp"],
        "correctly_rounded": accuracy["correctly_rounded"],
        "worst_code": accuracy["worst_code"],
        "latency": bundle.manifest["latency"],
    }


def lines(bundle: Bundle) -> list[tuple[str, str]]:
    """The same for people: label and text."""
    spec, data = bundle.design.spec, figures(bundle)
    plain = spec.output.bits << spec.input.bits
    share = f" ({plain / data['rom_bits']:.0f} times less)" if data["rom_bits"] else ""
    return [
        ("function", spec.function),
        ("input", spec.input.describe()),
        ("output", spec.output.describe()),
        ("guarantee" if spec.guarantee else "aim", spec.describe_aim()),
        (
            "error",
            f"at most {shown(data['max_ulp'])} ulp at code {data['worst_code']}, mean {data['mean_ulp']:.4f} ulp",
        ),
        ("correctly rounded", f"{data['correctly_rounded']:.2%} of {1 << spec.input.bits} codes"),
        ("design", describe(bundle.design)),
        ("size", f"{data['rom_bits']} ROM bits; a plain table has {plain}{share}"),
        ("latency", f"{data['latency']} clocks, one sample a clock"),
        ("made by", str(bundle.manifest["command"])),
    ]
