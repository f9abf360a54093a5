"""All candidates that keep the guarantee, ranked by a cost function; the best one is the design."""

from __future__ import annotations

from collections.abc import Callable

from gelugen.architectures import ARCHITECTURES, AUTO, get_architecture
from gelugen.design import Design
from gelugen.errors import GelugenError
from gelugen.fit import fit
from gelugen.golden import golden
from gelugen.spec import Spec

Cost = Callable[[Design], float]


def rom_bits(design: Design) -> float:
    """The default cost: the ROM bits of a design."""
    return design.rom_bits


def candidates(spec: Spec) -> list[Design]:
    """One design of each architecture that the spec admits and that keeps its guarantee, simplest first.

    Raises:
        GelugenError: the architecture that the spec names cannot keep it, or none can.
    """
    truth = golden(spec)
    if spec.architecture != AUTO:
        return [fit(spec, truth, get_architecture(spec.architecture))]
    designs: list[Design] = []
    refusals: list[GelugenError] = []
    for architecture in ARCHITECTURES.values():
        try:
            designs.append(fit(spec, truth, architecture))
        except GelugenError as error:
            refusals.append(error)
    if not designs:
        raise refusals[0]
    return designs


def build(spec: Spec, cost: Cost = rom_bits) -> Design:
    """The cheapest design that keeps the spec's guarantee; of equal ones the simpler architecture.

    Searched are the architectures of ``gelugen.architectures`` (or the one that the spec names), each as
    ``gelugen.fit`` describes.

    Raises:
        GelugenError: no architecture keeps the guarantee; the message says how far it gets.
    """
    return min(candidates(spec), key=cost)
