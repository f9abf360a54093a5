"""The product of a gated unit: what C and Verilog add to the activation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gelugen.emit.layout import Layout
from gelugen.emit.signals import Signal, signed, unsigned
from gelugen.emit.writing import Writing
from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.gated import Gated
from gelugen.pipeline import Range, is_plain, latency, levels
from gelugen.schedule import Level, Schedule, adder, product, schedule
from gelugen.target import Target


@dataclass(frozen=True)
class Factor:
    """A factor of the product: a code less its zero point.

    Attributes:
        code: the signal that carries the code.
        value: the factor.
        offset: what is added to the code.
    """

    code: Signal
    value: Signal
    offset: int

    @classmethod
    def of(cls, name: str, value: str, stage: int, form: Format) -> Factor:
        """A factor whose code is valid in a stage."""
        port = _port(f"{name}_{stage}", form)
        offset = Range(-form.zero_point, -form.zero_point)
        return cls(port, signed(f"{value}_{stage}", port.range + offset, port.range, offset), offset.low)


@dataclass(frozen=True)
class Product:
    """Product, multiplier, rounding shift, zero point and saturation.

    Attributes:
        gate, up: the input ports.
        act, other: both factors.
        waits: the registers in which up waits for the activation.
        schedule: where registers stand.
        p: the product of the factors.
        q: p times the multiplier, where that takes a multiplication; else p.
        zeros: the low zeros that a multiplier which is a power of two puts behind p.
        half: what rounds.
        negative: the sign of the product, or None where no product is negative.
        t, r, total: rounded, shifted, and with the zero point.
        dropped: the bits that the shift drops, and those above the output; None where there are none.
        clamp_low, clamp_high: whether some product needs it.
        out: the output register.
    """

    gate: Signal
    up: Signal
    act: Factor
    other: Factor
    waits: list[Signal]
    schedule: Schedule
    p: Signal
    q: Signal
    zeros: int
    half: int
    negative: Signal | None
    t: Signal
    r: Signal
    total: Signal
    dropped: list[tuple[Signal, str]]
    clamp_low: bool
    clamp_high: bool
    out: Signal

    @classmethod
    def of(cls, gated: Gated, schedule: Schedule) -> Product:
        """The signals of a gated unit's product, with registers as a schedule of its levels says."""
        spec, read, at = gated.spec, schedule.start, schedule.after("product")
        act, other = Factor.of("act", "a", read, spec.intermediate), Factor.of("up", "b", read, spec.up)
        p = signed(f"p_{at}", act.value.range * other.value.range, act.value.range, other.value.range)
        last, q, zeros = at, p, gated.multiplier.bit_length() - 1
        if gated.multiplies:
            by = Range(gated.multiplier, gated.multiplier)
            last, zeros = schedule.after("multiplier"), 0
            q = signed(f"q_{last}", p.range * by, p.range, by)
        half = 1 << gated.shift >> 1
        scaled = q.range << zeros
        t = signed(f"t_{last}", Range(scaled.low + half - (half > 0), scaled.high + half), scaled, Range(-half, half))
        t = replace(t, width=max(t.width, q.width + zeros, gated.shift + 1))
        r = Signal(f"r_{last}", t.width - gated.shift, True, t.range >> gated.shift)
        zero_point = Range(spec.output.zero_point, spec.output.zero_point)
        total = signed(f"sum_{last}", r.range + zero_point, r.range, zero_point) if zero_point.low else r
        total = replace(total, width=max(total.width, r.width))
        low, high = total.range.low < spec.output.code_min, total.range.high > spec.output.code_max
        dropped = []
        if gated.shift:
            dropped.append((unsigned(f"unused_{t.name}", gated.shift), f"{t.name}[{gated.shift - 1}:0]"))
        if not (low or high) and total.width > spec.output.bits:
            above = unsigned(f"unused_{total.name}", total.width - spec.output.bits)
            dropped.append((above, f"{total.name}[{total.top}:{spec.output.bits}]"))
        return cls(
            gate=_port("in_gate", spec.input),
            up=_port("in_up", spec.up),
            act=act,
            other=other,
            waits=[other.code.at(stage) for stage in range(1, read + 1)],
            schedule=schedule,
            p=p,
            q=q,
            zeros=zeros,
            half=half,
            negative=Signal(f"{q.name}[{q.top}]", 1, False, Range(0, 1)) if half and p.range.low < 0 else None,
            t=t,
            r=r,
            total=total,
            dropped=dropped,
            clamp_low=low,
            clamp_high=high,
            out=_port("out", spec.output),
        )


def written(gated: Gated, target: Target) -> tuple[Writing, Schedule]:
    """How the activation's module is written, and where the product's registers stand.

    Raises:
        GelugenError: the unit cannot be written as the target says.
    """
    if target.writable:
        raise GelugenError("writable is not possible for a gated unit: make its function a design of its own")
    act = Writing.of(gated.design, replace(target, pipeline=None))
    inner = levels(gated.design)
    own = [Level("product", product(gated.spec.intermediate.bits, gated.spec.up.bits))]
    if gated.multiplies:
        own.append(Level("multiplier", product(gated.spec.up.bits, gated.multiplier.bit_length())))
    own.append(Level("round", 2 * adder(gated.output.bits)))
    of_it = " of the activation"
    renamed = [replace(level, name=level.name + of_it) for level in inner]
    depth = latency(gated.design) + len(own) if target.pipeline is None else target.pipeline
    memory = any(act.in_memory(layout) for layout in Layout.all(gated.design))
    first = [f"read{of_it}"] if memory or (is_plain(gated.design) and depth) else []
    both = schedule([*renamed, *own], depth, [*first, "round"])
    one, two = both.split(both.numbers["product"])
    named = tuple(replace(level, name=level.name.removesuffix(of_it)) for level in one.levels)
    return replace(act, schedule=Schedule(named, one.cuts), enable=target.stream and one.depth > 0), two


@dataclass(frozen=True)
class Scaled:
    """The same in C, where a sign is taken off before the shift, and put back.

    Attributes:
        int, unsigned: the types that hold everything.
        multiplier, half, shift: as in ``Gated``.
        negative: whether a product can be negative.
        clamp_low, clamp_high: whether some product needs it.
        largest: the largest magnitude on the way.
    """

    multiplier: int
    half: int
    shift: int
    negative: bool
    clamp_low: bool
    clamp_high: bool
    largest: int

    @classmethod
    def of(cls, gated: Gated) -> Scaled:
        """The numbers of a gated unit's product, by the products that occur."""
        some, half, output = gated.products, 1 << gated.shift >> 1, gated.output
        least, most = (
            (abs(p) * gated.multiplier + half >> gated.shift) * (-1 if p < 0 else 1) for p in (some.low, some.high)
        )
        factors = (1 << gated.spec.intermediate.bits) + (1 << gated.spec.up.bits)
        return cls(
            multiplier=gated.multiplier,
            half=half,
            shift=gated.shift,
            negative=some.low < 0,
            clamp_low=least + output.zero_point < output.code_min,
            clamp_high=most + output.zero_point > output.code_max,
            largest=max(some.largest * gated.multiplier + half, factors, -least, most) + (1 << output.bits),
        )


def _port(name: str, form: Format) -> Signal:
    return Signal(name, form.bits, form.signed, Range(form.code_min, form.code_max))
