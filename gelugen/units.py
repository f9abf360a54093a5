"""What can be emitted, and speaks one protocol: a ``Design``, of one input, and a ``Gated``, of two.

| | |
|---|---|
| ``kind`` | ``design`` or ``gated``, as manifests say it |
| ``spec`` | what was asked for, with ``fields()``, ``default_name()`` and ``aim`` |
| ``ports``, ``output`` | formats: of the inputs by the names of their ports, and of the output |
| ``eval(*codes)`` | the output codes |
| ``stimulus()`` | the input codes that are checked, an array for each port |
| ``sequence()`` | those that the emitted test bench drives, in its order |
| ``rom_bits``, ``architecture``, ``to_json()`` | as their classes say |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

from gelugen import accuracy, degenerate, pipeline, products, search
from gelugen.accuracy import Accuracy
from gelugen.design import Design
from gelugen.errors import GelugenError, short
from gelugen.gated import Gated, possible_products
from gelugen.gated_spec import GatedSpec
from gelugen.products import ProductAccuracy
from gelugen.requantize import scaling
from gelugen.search import Tell
from gelugen.spec import Spec

Request = Spec | GatedSpec
"""What may be asked for."""
Unit = Design | Gated
"""What may come of it."""


@overload
def build(request: Spec, tell: Tell = ...) -> Design: ...
@overload
def build(request: GatedSpec, tell: Tell = ...) -> Gated: ...
def build(request: Request, tell: Tell = lambda _: None) -> Unit:
    """Find what a spec asks for: the cheapest design, or a gated unit with the cheapest activation.

    Args:
        request: the spec.
        tell: called with every architecture before it is searched.

    Raises:
        GelugenError: a guarantee cannot be kept.
    """
    if isinstance(request, Spec):
        return search.build(request, tell=tell)
    design = search.build(request.activation, tell=tell)
    some = possible_products(design, request.up, request.output)
    return Gated(request, design, *scaling(request.factor, some, request.requantize))


def latency(unit: Unit) -> int:
    """Clocks from ``in_valid`` to ``out_valid``. A product takes one, a multiplier one, and the output one."""
    if isinstance(unit, Design):
        return pipeline.latency(unit)
    return pipeline.latency(unit.design) + 2 + unit.multiplies


@overload
def measure(unit: Design) -> Accuracy: ...
@overload
def measure(unit: Gated) -> ProductAccuracy: ...
def measure(unit: Unit) -> Accuracy | ProductAccuracy:
    """The errors of a unit over the codes that are checked."""
    return accuracy.measure(unit) if isinstance(unit, Design) else products.measure(unit)


def warnings(request: Request) -> tuple[str, ...]:
    """Sentences about what is asked for in vain, see ``gelugen.degenerate``; of a gated unit, by its activation."""
    return degenerate.warnings(request if isinstance(request, Spec) else request.activation)


def from_json(kind: object, data: Mapping[str, Any]) -> Unit:
    """The unit of a manifest.

    Raises:
        GelugenError: the kind is not known, or the data is malformed.
    """
    kinds: dict[object, type[Design] | type[Gated]] = {Design.kind: Design, Gated.kind: Gated}
    if not isinstance(kind, str) or kind not in kinds:
        raise GelugenError(
            f"the kind {short(kind)} of the manifest is not known: it must be {' or '.join(map(str, kinds))}"
        )
    return kinds[kind].from_json(data)
