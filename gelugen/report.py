"""What people look at: the figures of a design, and its picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gelugen.accuracy import shown
from gelugen.emit.rendering import describe
from gelugen.errors import GelugenError
from gelugen.store import Bundle


def figures(bundle: Bundle) -> dict[str, Any]:
    """A design's figures, with the keys of ``gelugen show --json``; formats in gelugen's notation."""
    spec, accuracy = bundle.design.spec, bundle.manifest["accuracy"]
    return {
        "name": bundle.name,
        "function": spec.function,
        "input": str(spec.input),
        "output": str(spec.output),
        "guarantee": str(spec.guarantee),
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
        ("guarantee", spec.guarantee.describe()),
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


def plot(bundle: Bundle, path: Path) -> None:
    """Draw the function, the design over it, and the error over every code.

    Raises:
        GelugenError: matplotlib is missing, or the file cannot be written.
    """
    if not path.suffix:
        raise GelugenError(f"the picture {path} needs an ending such as .png")
    try:
        import matplotlib as mpl
    except ImportError:
        raise GelugenError("--plot needs matplotlib: pip install 'gelugen[plot]'") from None
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    design, spec = bundle.design, bundle.design.spec
    codes, truth = spec.input.codes(), spec.golden()
    x = spec.input.dequantize(codes)
    outputs = design.eval(codes)
    real = truth.scaled / 2.0**32 * spec.output.scale
    error = truth.error(outputs)

    figure, (top, bottom) = plt.subplots(2, 1, figsize=(9, 7), sharex=True, height_ratios=(3, 2), layout="constrained")
    top.plot(x, real, color="0.6", linewidth=4, label=f"{spec.function}(x), clamped to the output range")
    top.step(x, spec.output.dequantize(outputs), where="mid", color="C0", linewidth=1.2, label="the design")
    _inset(top, x, real, spec.output.dequantize(outputs))
    top.set_ylabel("output")
    top.set_title(f"{bundle.name}\n{design.architecture}, {design.rom_bits} ROM bits")
    top.legend(loc="upper left")
    top.grid(alpha=0.3)

    bound = {"correct": 0.5, "faithful": 1.0}.get(spec.guarantee.kind, float(spec.guarantee.ulp))
    bottom.axhspan(-bound, bound, color="C2", alpha=0.12, label=f"guarantee: {spec.guarantee}")
    bottom.axhline(0, color="0.6", linewidth=0.8)
    bottom.plot(x, error, linestyle="none", marker=".", markersize=1.5 if len(x) > 1024 else 4, color="C3")
    bottom.set_xlabel("input")
    bottom.set_ylabel("error in ulp")
    bottom.set_ylim(-1.15 * bound, 1.15 * bound)
    bottom.legend(loc="upper right")
    bottom.grid(alpha=0.3)
    bottom.set_title(
        f"error over all {len(codes)} codes: at most {shown(float(np.abs(error).max()))} ulp, "
        f"{np.mean(outputs == truth.codes):.1%} correctly rounded",
        fontsize="medium",
    )
    try:
        figure.savefig(path, dpi=130)
    except (OSError, ValueError) as error_:
        raise GelugenError(f"the picture {path} cannot be written: {error_}") from None
    finally:
        plt.close(figure)


def _inset(axes: Any, x: Any, real: Any, design: Any) -> None:
    """The dip below zero, enlarged: it is where a GELU is not a ReLU."""
    dip = x[real < 0]
    if len(dip) < 3 or real.min() > -1e-9:
        return
    inner = axes.inset_axes((0.685, 0.09, 0.295, 0.36))
    inner.plot(x, real, color="0.6", linewidth=3)
    inner.step(x, design, where="mid", color="C0", linewidth=1)
    inner.set_xlim(max(-4.0, dip.min()), 0.5)
    inner.set_ylim(1.4 * real.min(), -0.6 * real.min())
    inner.grid(alpha=0.3)
    inner.set_title("around zero", fontsize="small")
