"""The objective ``luts``: the designs and the texts that take the fewest lookup tables, by Yosys.

Candidates are the designs that a search by ROM bits and multipliers comes across, those without truncation between
Horner's steps and those of signed digits; each in the family's own style and in the plain one. A rough count of lookup
tables says which of them are worth a synthesis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from gelugen.aims import Luts
from gelugen.architectures import AUTO, Architecture
from gelugen.design import Design
from gelugen.emit import verilog
from gelugen.emit.writing import Writing
from gelugen.errors import GelugenError
from gelugen.fit.digits import designs as of_digits
from gelugen.fit.untruncated import untruncated
from gelugen.golden import Golden, golden
from gelugen.networks import INPUTS
from gelugen.objectives import Chosen, Figures, Objective
from gelugen.pipeline import steps
from gelugen.search import Tell, competing, gathered
from gelugen.spec import Spec, Target
from gelugen.synthesis.families import Resources
from gelugen.synthesis.networked import networked
from gelugen.synthesis.tasks import Task, try_tasks, work
from gelugen.synthesis.yosys import find
from gelugen.target import STYLES
from gelugen.terms import Term

MOST = 24
"""So many candidates are measured."""
_SEES = {"ice40": 4, "ecp5": 4, "xc7": 6}
"""Inputs of a lookup table."""
_PLAIN = 1.2
"""By experience the plain text takes so many times the lookup tables, where there is a fold."""
_LARGEST = 2048
"""Lookup tables by the rough count above which nothing is measured: Yosys would take many minutes."""


def least_luts(
    spec: Spec,
    target: Target,
    tell: Tell = lambda _: None,
    note: Callable[[str], object] = lambda _: None,
    most: int = MOST,
    jobs: int | None = None,
) -> Chosen:
    """The candidate of the fewest lookup tables among those that are measured, a ``Measuring``.

    The objective is ``luts:FAMILY``. The target's style is kept, unless it is plain; what is measured is the same.

    Raises:
        GelugenError: there is no Yosys, or no architecture keeps the guarantee.
    """
    luts = Objective.parse(spec.objective).asked.luts
    if luts is None:
        raise ValueError(f"{spec.objective} is no objective of lookup tables")
    yosys = find()
    texts = _texts(spec, gathered(spec, _others(spec, tell), tell), luts, target)
    networks = _networks(texts, luts, target, note, most // 3, jobs)
    ranked = networks + texts[: most - len(networks)]
    candidates = len(networks) + len(texts)
    tasks = [task(design, luts, style) for design, style in ranked]
    found: dict[int, Resources] = {}
    failed: GelugenError | None = None
    note(f"measuring {len(tasks)} of {candidates} candidates for {luts.family}")
    for done, (number, measured) in enumerate(try_tasks(tasks, jobs), 1):
        if isinstance(measured, GelugenError):  # a fault of Yosys on one text
            failed = measured
            continue
        found[number] = measured.resources
        note(f"{done} of {len(tasks)} candidates measured, {_cost(luts, min_of(luts, found))} so far at least")
    given = [number for number in found if target.style in ("plain", ranked[number][1])]
    if not given:
        raise failed or GelugenError("no candidate could be measured")
    best = min(given, key=lambda number: (*_order(luts, found[number]), number))
    design, style = ranked[best]
    figures = Figures(
        spec.objective, luts.family, found[best].to_json(), f"Yosys {yosys.version}", len(found), candidates
    )
    return Chosen(design, replace(target, style=style), figures)


def measured(spec: Spec, found: Iterable[Design], luts: Luts, most: int) -> dict[Design, tuple[str, Resources]]:
    """The most promising of some designs, each with the style of the fewest lookup tables and what it then takes.

    Args:
        spec: the request that they serve.
        found: the designs.
        luts: what is counted.
        most: so many texts are measured, one after the other, in this process.

    Raises:
        GelugenError: there is no Yosys, it does not end in time, or every design is far too large.
    """
    best: dict[Design, tuple[str, Resources]] = {}
    for design, style in _texts(spec, found, luts, Target("candidate"))[:most]:
        got = work(task(design, luts, style)).resources
        if design not in best or _order(luts, got) < _order(luts, best[design][1]):
            best[design] = style, got
    return best


def _texts(spec: Spec, found: Iterable[Design], luts: Luts, target: Target) -> list[tuple[Design, str]]:
    """All designs that may be measured, in every style, the most promising first."""
    texts = [
        (design, style) for design in found if rough(design, luts) <= _LARGEST for style in styles(luts, target, design)
    ]
    if not texts:
        raise GelugenError(
            f"objective {spec.objective} has no candidate of at most {_LARGEST} lookup tables by a rough count: take "
            f"another objective"
        )

    def key(text: tuple[Design, str]) -> tuple[float, str]:
        design, style = text
        return rough(design, luts) * (_PLAIN if style == "plain" and design.fold != "none" else 1), style

    return sorted(texts, key=key)


def _networks(
    texts: list[tuple[Design, str]],
    luts: Luts,
    target: Target,
    note: Callable[[str], object],
    most: int,
    jobs: int | None,
) -> list[tuple[Design, str]]:
    """The texts with a network for r, where the family's lookup tables have as many inputs as its nodes."""
    asked = target.style not in STYLES
    found: list[tuple[Design, str]] = []
    if _SEES[luts.family] == INPUTS and not luts.brams and (asked or target.style == "plain"):
        found = networked(dict.fromkeys(design for design, _ in texts), note, most, jobs)
    if asked and not found:
        raise GelugenError(
            f"style network is not for this request: objective luts:{luts.family} has no candidate with one"
        )
    if asked and target.style not in [style for _, style in found]:
        found.append((found[0][0], target.style))
    return found


def styles(luts: Luts, target: Target, design: Design) -> tuple[str, ...]:
    """The styles to measure: the family's, the plain one, and what the target asks for."""
    if design.fold == "none":  # which every style writes alike
        return (target.style if target.style in STYLES else "plain",)
    own = luts.family if luts.family in STYLES else "ice40"  # lookup tables of four inputs, as ECP5 has
    asked = target.style if target.style in STYLES else own
    return tuple(dict.fromkeys((own, "plain", asked)))


def task(design: Design, luts: Luts, style: str) -> Task:
    """The synthesis of a design; combinational, or with the usual registers where block RAM is allowed."""
    target = Target("candidate", pipeline=None if luts.brams else 0, style=style)
    modules = verilog.core(
        design, target.name, Writing.of(design, target), verilog.memory_names(design, target.name), lambda *_: []
    )
    sources = {**modules, **verilog.memory_files(design, target.name, target)}
    return Task(sources, target.name, luts.family, luts.brams, luts.dsps)


def rough(design: Design, luts: Luts) -> float:
    """About how many lookup tables a design takes, told from its shape."""
    total = 0.0 if design.fold == "none" else 2.0 * design.spec.output.bits
    for term in design.terms:
        words = term.depth if not luts.brams else min(term.depth, 1 << _SEES[luts.family])
        total += term.width * max(1.0, words / (1 << _SEES[luts.family])) + _adders(term)
        total += term.map.rom_bits / (_SEES[luts.family] - 1)
        for step in steps(term, design.u_bits):
            product = step.factor_width * step.dx_width
            total += luts.DSP if luts.dsps and luts.family != "ice40" else 1.2 * product
    return total


def _adders(term: Term) -> float:
    """Those of a polynomial in digits."""
    return len(term.digits.each) * term.digits.bits * 1.3 if term.digits else 0.0


def min_of(luts: Luts, found: dict[int, Resources]) -> Resources:
    """The least so far."""
    return min(found.values(), key=lambda each: _cost(luts, each))


def _cost(luts: Luts, resources: Resources) -> int:
    return luts.cost(resources.luts, resources.dsps, resources.block_rams)


def _order(luts: Luts, resources: Resources) -> tuple[int, int]:
    """By cost; of equal cost, fewer inverters."""
    return _cost(luts, resources), resources.inverters


def _others(spec: Spec, tell: Tell) -> Iterator[Design]:
    """Designs that a search by ROM bits does not come across."""
    truth = golden(spec)
    for architecture in competing_in_luts(spec):
        if architecture.digits and spec.architecture == AUTO:
            tell(architecture)
            try:
                yield from of_digits(spec, truth, architecture)
            except GelugenError:
                continue  # the fold does not fit the formats
        elif _multiplies_plainly(architecture):
            tell(architecture)
            yield from without_truncation(spec, truth, architecture)


def competing_in_luts(spec: Spec) -> list[Architecture]:
    """The architectures among which the fewest lookup tables are looked for, simplest first.

    ``auto`` is what it is elsewhere, lines and quadratics on equal segments without a fold, and digits.

    Raises:
        GelugenError: all are excluded.
    """

    def more(each: Architecture) -> bool:
        return _multiplies_plainly(each) or (each.digits and each.fold != "none")

    return competing(spec, more)


def without_truncation(spec: Spec, truth: Golden, architecture: Architecture) -> list[Design]:
    """Designs of an architecture that drop nothing between Horner's steps; none where it cannot have such designs."""
    if not _multiplies_plainly(architecture):
        return []
    try:
        return list(untruncated(spec, truth, architecture))
    except GelugenError:  # the fold does not fit the formats
        return []


def _multiplies_plainly(architecture: Architecture) -> bool:
    """Whether its polynomials can do without truncation."""
    usual = not (architecture.digits or architecture.codes)
    return architecture.segments == "uniform" and architecture.degree in (1, 2) and usual
