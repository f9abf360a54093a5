"""C99: a scalar and an array function, integers only."""

from __future__ import annotations

from gelugen.bank import Bank
from gelugen.design import Design
from gelugen.emit.c import bank
from gelugen.emit.c.function import array, container, function_of, int_type, scalar
from gelugen.emit.c.header import LIMITS, SCALES, Constants, limits, scales
from gelugen.emit.c.header import files as written
from gelugen.emit.c.recognition import all_arrays, kernel_of
from gelugen.emit.c.tables import tables_of
from gelugen.emit.contract import Contract
from gelugen.emit.product import Scaled
from gelugen.gated import Gated
from gelugen.identifiers import inner
from gelugen.target import Target
from gelugen.units import Unit

__all__ = ["container", "files"]


def files(unit: Unit, target: Target, contract: Contract) -> dict[str, str]:
    """The header of a unit, and a source file where the target asks for one, or the tables are large.

    Raises:
        GelugenError: it needs more than 63-bit arithmetic.
    """
    if isinstance(unit, Bank):
        return bank.files(unit, target, contract)
    name, gated = target.name, isinstance(unit, Gated)
    design = unit.design if isinstance(unit, Gated) else unit
    own = f"{inner(name)}_act" if isinstance(unit, Gated) else inner(name)
    ports = [(port.removeprefix("in_") if gated else "in", form) for port, form in unit.ports.items()]
    outer = scalar(name, ports if gated else [("x", ports[0][1])], unit.output, _brief(unit))
    act = scalar(own, [("x", design.spec.input)], design.spec.output, "The activation of the gate.") if gated else outer
    tables = tables_of(design, own)
    kernel = None if gated else kernel_of(design, own)
    forms = {**{port.upper() if gated else "INPUT": form for port, form in ports}, "OUTPUT": unit.output}
    product = Scaled.of(unit) if isinstance(unit, Gated) else None
    return written(
        target,
        contract,
        all_arrays(kernel, tables),
        [Constants(SCALES, scales(forms)), Constants(LIMITS, limits(forms))],
        [outer, (many := array(name, ports, unit.output))],
        kernel.template if kernel else "c/unit.j2",
        {
            **({} if kernel else function_of(design, act, own, tables)),
            "kernel": kernel,
            "feature": kernel.feature if kernel else None,
            "outer": outer,
            "many": many,
            "inputs": [port for port, _ in ports],
            "product": product,
            "unit": unit,
            "product_int": int_type([product.largest]) if product else "",
        },
        (kernel.feature,) if kernel and kernel.feature else (),
    )


def _brief(unit: Design | Gated) -> str:
    if isinstance(unit, Design):
        return "One code in, one code out."
    rounded = ", rounded half away from zero" if unit.shift else ""
    return f"The activation of gate times up, scaled by {unit.multiplier} / 2^{unit.shift}{rounded}."
