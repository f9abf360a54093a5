"""All candidates that keep the guarantee, ranked by a cost function; the best one is the design."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from gelugen.aims import DEFAULT_OBJECTIVE
from gelugen.architectures import ARCHITECTURES, AUTO, CODE_SHAPES, DIGIT_SHAPES, SHAPES, Architecture, get_architecture
from gelugen.design import Design
from gelugen.dialects.choice import EXACT
from gelugen.errors import GelugenError
from gelugen.fit import Unreachable, designs, fit_mse
from gelugen.fit.bounds import commensurate, r_bounds
from gelugen.functions import Fold
from gelugen.golden import golden, symmetry
from gelugen.objectives import Chosen, Objective
from gelugen.spec import Spec, Target

Cost = Callable[[Design], float]
"""What a design costs: an ``Objective``, or any function of a design, such as LUTs that a tool counted."""

Tell = Callable[[Architecture], object]
"""What is called with every architecture before it is searched, for those who wait."""


class Measuring(Protocol):
    """A search that has its most promising candidates measured by tools."""

    def __call__(
        self,
        spec: Spec,
        target: Target,
        tell: Tell = ...,
        note: Callable[[str], object] = ...,
        most: int = ...,
        jobs: int | None = ...,
    ) -> Chosen:
        """The candidate of least cost among those that are measured.

        Args:
            spec: what is asked for, with an objective that this search can measure.
            target: how the design is to be written.
            tell: called before each architecture is searched.
            note: called with what is being measured.
            most: so many candidates are measured.
            jobs: processes at a time; None for as many as there are cores.
        """


_FIRST = ("table", "free-constant", "dyadic-linear", "dyadic-quadratic", "uniform-linear", "sum-of-tables")
"""The shapes that are searched first: they soon give a cost that ends the searches of the others early."""


def architectures(spec: Spec) -> list[Architecture]:
    """The architectures that a spec admits, simplest first.

    ``auto`` is the table of all codes, and every shape on the function's own fold, or without a fold where the formats
    do not allow it; none of digits or in the code itself, which do not pay in ROM bits. For ``minimise`` it is lines
    between free breakpoints on that fold.

    Raises:
        GelugenError: all are excluded.
    """
    if spec.architecture != AUTO:
        return [get_architecture(spec.architecture)]
    fold = _fold(spec)
    if spec.minimise:
        return [get_architecture("free-linear" if fold == "none" else f"{fold}-free-linear")]
    admitted = [
        each
        for each in ARCHITECTURES.values()
        if (each.fold == fold or each.name == "table") and not (each.digits or each.codes) and not spec.excludes(each)
    ]
    if not admitted:
        raise GelugenError(f"exclude {','.join(spec.exclude)} leaves no architecture to search: exclude fewer")
    return admitted


def competing(spec: Spec, more: Callable[[Architecture], bool]) -> list[Architecture]:
    """The architectures that a spec admits, and under ``auto`` more of them on the same folds, or without one.

    Raises:
        GelugenError: all are excluded.
    """
    admitted = architectures(spec)
    if spec.architecture != AUTO:
        return admitted
    folds = {each.fold for each in admitted} | {"none"}

    def competes(each: Architecture) -> bool:
        return each in admitted or (more(each) and each.fold in folds and not spec.excludes(each))

    return [each for each in ARCHITECTURES.values() if competes(each)]


def _fold(spec: Spec) -> Fold:
    """The function's own fold, if the formats allow it and a runtime's rounding does not break it."""
    fold = symmetry(spec)
    if fold == "none" or not commensurate(spec, fold):
        return "none"
    if spec.dialect != EXACT and spec.guarantee:
        bounds = r_bounds(spec, golden(spec), get_architecture(f"{fold}-table"), spec.guarantee)
        if (bounds.low > bounds.high).any():
            return "none"
    return fold


def candidates(spec: Spec, cost: Cost | None = None, tell: Tell = lambda _: None) -> Iterator[Design]:
    """Designs that keep the guarantee, as they are found; with a cost only those that may be the cheapest so far.

    Args:
        spec: the request.
        cost: any function of a design.
        tell: called with every architecture before it is searched.

    Raises:
        GelugenError: no architecture that the spec admits keeps the guarantee; the message says how far each gets.
    """
    truth, admitted = golden(spec), architectures(spec)
    if spec.minimise:
        yield fit_mse(spec, truth, admitted[0])
        return
    least: float | None = None

    def limit(multiplier_bits: int) -> int | None:
        if least is None or not isinstance(cost, Objective):
            return None
        spare = least - cost.weights[1] * multiplier_bits
        most = cost.rom_limit(spare) if spare >= 0 else -1
        return None if most is None else most + 1  # a simpler one of equal cost is of use too

    found, refusals = False, []
    for architecture in sorted(admitted, key=_turn):
        tell(architecture)
        try:
            for design in of_degree(architecture, designs(spec, truth, architecture, limit)):
                found = True
                if cost is not None:
                    price = cost(design)
                    least = price if least is None else min(least, price)
                yield design
        except GelugenError as refusal:
            refusals.append(refusal)
    if not found:
        raise _refusal(spec, refusals)


def of_degree(architecture: Architecture, found: Iterable[Design]) -> Iterator[Design]:
    """The designs but those whose polynomials turned out to be of a lower degree, which are another architecture's.

    If there are no others, they are what the architecture has.
    """
    proper, lower = False, []
    for design in found:
        if any(term.degree == architecture.degree for term in design.terms):
            proper = True
            yield design
        else:
            lower.append(design)
    if not proper:
        yield from lower


def build(spec: Spec, cost: Cost | None = None, tell: Tell = lambda _: None) -> Design:
    """The cheapest design that keeps the spec's guarantee.

    Of equal cost the one of the simpler architecture is taken; where ROM bits cost nothing, first the one of fewer.

    Args:
        spec: the request; its objective is the cost, unless one is given.
        cost: any function of a design.
        tell: called with every architecture before it is searched.

    Raises:
        GelugenError: no architecture keeps the guarantee; the message says how far each gets.
    """
    price = cost or Objective.parse(spec.objective)
    if isinstance(price, Objective) and price.asked.counted:
        how = "by Yosys" if price.asked.luts else "on its core"
        raise GelugenError(
            f"objective {spec.objective} is measured {how} on a design of its own: generate takes it, but not for a "
            f"gated unit or a bank; ask for the activation alone, or take another objective"
        )
    free_rom = isinstance(price, Objective) and not price.weights[0]
    order = list(ARCHITECTURES)
    return min(
        candidates(spec, price, tell),
        key=lambda design: (price(design), design.rom_bits if free_rom else 0, order.index(design.architecture)),
    )


def gathered(spec: Spec, others: Iterable[Design], tell: Tell = lambda _: None) -> list[Design]:
    """The designs that a search by ROM bits and multipliers comes across, and others; none twice.

    Raises:
        GelugenError: no architecture that the spec admits keeps the guarantee, and there are no others.
    """
    found: dict[Design, None] = {}
    refusal: GelugenError | None = None
    try:
        for design in candidates(spec, Objective.parse(DEFAULT_OBJECTIVE), tell):
            found[design] = None
    except GelugenError as error:
        refusal = error
    for design in others:
        found[design] = None
    if not found and refusal:
        raise refusal
    return list(found)


def _turn(architecture: Architecture) -> int:
    shape, others = architecture.shape, [*SHAPES, *DIGIT_SHAPES, *CODE_SHAPES]
    return _FIRST.index(shape) if shape in _FIRST else len(_FIRST) + others.index(shape)


def _refusal(spec: Spec, refusals: list[GelugenError]) -> GelugenError:
    """One sentence of all refusals: how far each fold gets."""
    reached: dict[str, str] = {}
    order = list(ARCHITECTURES)
    known = [each for each in refusals if isinstance(each, Unreachable)]
    for each in sorted(known, key=lambda each: order.index(each.architecture)):
        reached.setdefault(each.reached, each.architecture)
    if not refusals:
        return GelugenError(
            f"architecture {spec.architecture} has no design that keeps the guarantee {spec.guarantee} of "
            f"{spec.function} from {spec.input} to {spec.output}: take auto, another architecture or a looser guarantee"
        )
    if len(refusals) == 1 or not reached:
        return refusals[0]
    best = ", ".join(f"{name} keeps ulp:{value}" for value, name in reached.items())
    return GelugenError(
        f"no architecture keeps the guarantee {spec.guarantee} of {spec.function} from {spec.input} to {spec.output}: "
        f"at best {best}"
    )
