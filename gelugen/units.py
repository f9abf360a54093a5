"""What can be emitted, and speaks one protocol: a ``Design``, of one input, a ``Gated``, of two, a ``Bank`` of designs.

| | |
|---|---|
| ``kind`` | ``design``, ``gated`` or ``bank``, as manifests say it |
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

from gelugen import accuracy, bank, degenerate, pipeline, products, search
from gelugen import spec as specs
from gelugen.accuracy import Accuracy
from gelugen.bank import Bank, BankAccuracy
from gelugen.bank_spec import BankSpec
from gelugen.design import Design
from gelugen.errors import GelugenError, short
from gelugen.gated import Gated, possible_products
from gelugen.gated_spec import GatedSpec
from gelugen.products import ProductAccuracy
from gelugen.requantize import scaling
from gelugen.search import Tell
from gelugen.spec import Spec, Target

Request = Spec | GatedSpec | BankSpec
"""What may be asked for."""
Unit = Design | Gated | Bank
"""What may come of it."""
AnyAccuracy = Accuracy | ProductAccuracy | BankAccuracy
"""The errors of a unit."""


@overload
def build(request: Spec, tell: Tell = ...) -> Design: ...
@overload
def build(request: GatedSpec, tell: Tell = ...) -> Gated: ...
@overload
def build(request: BankSpec, tell: Tell = ...) -> Bank: ...
def build(request: Request, tell: Tell = lambda _: None) -> Unit:
    """Find what a spec asks for: the cheapest design, a gated unit with the cheapest activation, or a bank of such.

    Args:
        request: the spec.
        tell: called with every architecture before it is searched.

    Raises:
        GelugenError: a guarantee cannot be kept.
    """
    if isinstance(request, Spec):
        return search.build(request, tell=tell)
    if isinstance(request, BankSpec):
        return _build_bank(request, tell)
    design = search.build(request.activation, tell=tell)
    some = possible_products(design, request.up, request.output)
    return Gated(request, design, *scaling(request.factor, some, request.requantize))


def _build_bank(request: BankSpec, tell: Tell) -> Bank:
    """Each member by its own spec; what is asked for twice is searched once."""
    found: dict[Spec, Design] = {}
    for name, spec in request.members.items():
        try:
            if spec not in found:
                found[spec] = search.build(spec, tell=tell)
        except GelugenError as error:
            raise GelugenError(f"member {name}: {error}") from None
    return Bank(request, tuple(found[spec] for spec in request.specs))


def command(request: Request, target: Target) -> str:
    """The canonical command that makes a unit again, without the output folder."""
    if isinstance(request, BankSpec):
        return request.command(target.name)
    return specs.command(request, target)


def latency(unit: Unit, target: Target | None = None) -> int:
    """Clocks from ``in_valid`` to ``out_valid``: the target's, or the usual ones.

    Of a gated unit a product takes one, a multiplier one, and the output one. A bank of several cores waits for the
    slowest of them, and has one more for the register in which the selected output stands.
    """
    if target and target.pipeline is not None:
        return target.pipeline
    writable = target is not None and target.writable
    if isinstance(unit, Design):
        return pipeline.latency(unit, writable)
    if isinstance(unit, Bank):
        slowest = max(map(pipeline.latency, unit.cores))
        return pipeline.latency(unit.table) if unit.table else slowest + (len(unit.cores) > 1)
    return pipeline.latency(unit.design) + 2 + unit.multiplies


@overload
def measure(unit: Design) -> Accuracy: ...
@overload
def measure(unit: Gated) -> ProductAccuracy: ...
@overload
def measure(unit: Bank) -> BankAccuracy: ...
def measure(unit: Unit) -> AnyAccuracy:
    """The errors of a unit over the codes that are checked; of a bank those of each member."""
    if isinstance(unit, Bank):
        return bank.measure(unit)
    return accuracy.measure(unit) if isinstance(unit, Design) else products.measure(unit)


def designs_of(unit: Unit) -> list[tuple[str, Design]]:
    """The designs in a unit, by the names of a bank's members; of others there is one, without a name."""
    if isinstance(unit, Bank):
        return list(unit.members.items())
    return [("", unit.design if isinstance(unit, Gated) else unit)]


def warnings(request: Request) -> tuple[str, ...]:
    """Sentences about what is asked for in vain, see ``gelugen.degenerate``; of a gated unit, by its activation."""
    if isinstance(request, BankSpec):
        return tuple(
            f"member {name}: {each}" for name, spec in request.members.items() for each in degenerate.warnings(spec)
        )
    return degenerate.warnings(request if isinstance(request, Spec) else request.activation)


def from_json(kind: object, data: Mapping[str, Any]) -> Unit:
    """The unit of a manifest.

    Raises:
        GelugenError: the kind is not known, or the data is malformed.
    """
    kinds: dict[object, type[Design] | type[Gated] | type[Bank]] = {each.kind: each for each in (Design, Gated, Bank)}
    if not isinstance(kind, str) or kind not in kinds:
        raise GelugenError(f"the kind {short(kind)} of the manifest is not known: it must be design, gated or bank")
    return kinds[kind].from_json(data)
