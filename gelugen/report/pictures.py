"""The picture of a design."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gelugen.accuracy import shown
from gelugen.bank import Bank
from gelugen.design import Design
from gelugen.errors import GelugenError
from gelugen.formats import MAX_BITS
from gelugen.gated import Gated
from gelugen.products import errors
from gelugen.spec import Spec
from gelugen.store import Bundle

MOST_MEMBERS = 8
"""Members of a bank that still make a picture."""


def plot(bundle: Bundle, path: Path) -> None:
    """Draw the function, the design over it, and the error over every code.

    The members of a bank stand side by side; of a gated unit it is a map of its errors.

    Raises:
        GelugenError: matplotlib is missing, the file cannot be written, a gated unit has too many pairs of codes, or a
            bank too many members.
    """
    if isinstance(bundle.design, Gated):
        _plot_gated(bundle, bundle.design, path)
        return
    columns = list(bundle.design.members.values()) if isinstance(bundle.design, Bank) else [bundle.design]
    if len(columns) > MOST_MEMBERS:
        raise GelugenError(f"{bundle.name} has {len(columns)} members: --plot draws banks of {MOST_MEMBERS} at most")
    can_plot(path, needed=True)
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(
        2,
        len(columns),
        figsize=(9 if len(columns) == 1 else 6 * len(columns), 7),
        sharex="col",
        height_ratios=(3, 2),
        layout="constrained",
        squeeze=False,
    )
    names = list(bundle.design.members) if isinstance(bundle.design, Bank) else [bundle.name]
    for name, design, (top, bottom) in zip(names, columns, axes.T, strict=True):
        _draw(name, design, top, bottom)
    if isinstance(bundle.design, Bank):
        figure.suptitle(f"{bundle.name}: {bundle.design.rom_bits} ROM bits in all")
    save(figure, path)


def _draw(name: str, design: Design, top: Any, bottom: Any) -> None:
    """A design over its function, and below it the error over every code."""
    spec = design.spec
    codes, truth = spec.input.codes(), spec.golden()
    x = spec.input.dequantize(codes)
    outputs = design.eval(codes)
    real = truth.scaled / 2.0**32 * spec.output.scale
    error = truth.error(outputs)

    top.plot(x, real, color="0.6", linewidth=4, label=f"{spec.function}(x), clamped to the output range")
    top.step(x, spec.output.dequantize(outputs), where="mid", color="C0", linewidth=1.2, label="the design")
    if spec.definition.is_rectifier:
        _inset(top, x, real, spec.output.dequantize(outputs))
    top.set_ylabel("output")
    top.set_title(f"{name}\n{design.architecture}, {design.rom_bits} ROM bits")
    top.legend(loc="upper left")
    top.grid(alpha=0.3)

    bound = bound_of(spec) or float(np.abs(error).max())
    if spec.guarantee:
        bottom.axhspan(-bound, bound, color="C2", alpha=0.12, label=f"guarantee: {spec.guarantee}")
    bottom.axhline(0, color="0.6", linewidth=0.8)
    bottom.plot(x, error, linestyle="none", marker=".", markersize=1.5 if len(x) > 1024 else 4, color="C3")
    bottom.set_xlabel("input")
    bottom.set_ylabel("error in ulp")
    bottom.set_ylim(-1.15 * bound, 1.15 * bound)
    if spec.guarantee:
        bottom.legend(loc="upper right")
    bottom.grid(alpha=0.3)
    bottom.set_title(
        f"error over all {len(codes)} codes: at most {shown(float(np.abs(error).max()))} ulp, "
        f"{np.mean(outputs == truth.codes):.1%} correctly rounded",
        fontsize="medium",
    )


def _plot_gated(bundle: Bundle, gated: Gated, path: Path) -> None:
    """Two maps over all pairs of codes: the output, and its error."""
    spec = gated.spec
    if not gated.exhaustive:
        raise GelugenError(
            f"{bundle.name} has {spec.input.bits} + {spec.up.bits} input bits, and its map would have a point for "
            f"every pair: --plot draws gated units of {MAX_BITS} input bits at most"
        )
    can_plot(path, needed=True)
    from matplotlib import pyplot as plt

    gate, up = np.meshgrid(spec.input.codes(), spec.up.codes(), indexing="ij")
    error = errors(gated, gate, up)
    extent = [
        *(float(each) for form in (spec.up, spec.input) for each in form.dequantize([form.code_min, form.code_max]))
    ]
    maps = (
        ("output", spec.output.dequantize(gated.eval(gate, up)), "viridis", None),
        ("error in ulp", error, "coolwarm", float(np.abs(error).max())),
    )
    figure, axes = plt.subplots(1, 2, figsize=(12, 5.2), layout="constrained")
    for place, (label, values, colours, bound) in zip(axes, maps, strict=True):
        limits = {} if bound is None else {"vmin": -bound, "vmax": bound}
        drawn = place.imshow(values, origin="lower", extent=extent, aspect="auto", cmap=colours, **limits)
        figure.colorbar(drawn, ax=place, label=label)
        place.set_xlabel("up")
        place.set_ylabel("gate")
    figure.suptitle(
        f"{bundle.name}: {spec.function}(gate) * up over all {gate.size} pairs of codes, "
        f"at most {shown(float(np.abs(error).max()))} ulp"
    )
    save(figure, path)


def bound_of(spec: Spec) -> float:
    """The |error| in ulp that a guarantee allows at most; 0 without one."""
    if spec.guarantee is None:
        return 0.0
    return {"correct": 0.5, "faithful": 1.0}.get(spec.guarantee.kind, float(spec.guarantee.ulp))


def can_plot(path: Path, needed: bool) -> bool:
    """Whether pictures can be drawn here.

    Raises:
        GelugenError: the path has no ending, or a picture is needed and matplotlib is missing.
    """
    if not path.suffix:
        raise GelugenError(f"the picture {path} needs an ending such as .png")
    try:
        import matplotlib as mpl
    except ImportError:
        if needed:
            raise GelugenError("--plot needs matplotlib: pip install 'gelugen[plot]'") from None
        return False
    mpl.use("Agg")
    return True


def save(figure: Any, path: Path) -> None:
    """Write a figure of matplotlib, and close it.

    Raises:
        GelugenError: the file cannot be written.
    """
    from matplotlib import pyplot as plt

    try:
        figure.savefig(path, dpi=130)
    except (OSError, ValueError) as error:
        raise GelugenError(f"the picture {path} cannot be written: {error}") from None
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
