"""The objectives ``instructions:CORE`` and ``flash:CORE``: the design whose C takes the least on a core.

Candidates are the designs that a search by ROM bits and multipliers comes across, tables among them, and the
polynomials in the code itself. An estimate says which of them are worth a compilation and a run under QEMU; where the
tools are missing, it says all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from gelugen.aims import OnCore
from gelugen.architectures import AUTO, Architecture, get_architecture
from gelugen.cores.core import core_of, missing, missing_compiler
from gelugen.cores.counting import LEVEL, Kernel, Sizes, array_function, count, near, sizes
from gelugen.cores.estimate import Estimate, estimate
from gelugen.design import Design
from gelugen.emit import c
from gelugen.emit.contract import Contract
from gelugen.errors import GelugenError
from gelugen.fit.codes import SHAPES
from gelugen.fit.codes import designs as in_codes
from gelugen.formats import Codes
from gelugen.golden import golden
from gelugen.objectives import ESTIMATE, Chosen, Figures, Objective
from gelugen.search import Tell, competing, gathered
from gelugen.spec import Spec, Target
from gelugen.tools import tool_version
from gelugen.workers import spread

MOST = 12
"""So many candidates are measured."""


@dataclass(frozen=True)
class Task:
    """An array function to measure.

    Attributes:
        kernel: the function.
        core: on which.
        codes: of each input, for the mean count of instructions; None if only bytes are asked for.
    """

    kernel: Kernel
    core: str
    codes: tuple[Codes, ...] | None


@dataclass(frozen=True)
class Measured:
    """What a task found.

    Attributes:
        sizes: bytes.
        instructions: executed for an element, in the mean; None if not asked for.
        refusal: why there is nothing; empty if there is.
    """

    sizes: Sizes
    instructions: Fraction | None = None
    refusal: str = ""

    def cost(self, asked: OnCore) -> tuple[Fraction | float, ...]:
        """The cost under an objective."""
        return asked.cost(self.instructions or Fraction(0), self.sizes.code, self.sizes.tables)


def least_on_core(
    spec: Spec,
    target: Target,
    tell: Tell = lambda _: None,
    note: Callable[[str], object] = lambda _: None,
    most: int = MOST,
    jobs: int | None = None,
) -> Chosen:
    """The candidate that takes the least on a core, among those whose tables fit, a ``Measuring``.

    The objective is ``instructions:CORE`` or ``flash:CORE``; ``spec.flash`` is the most bytes of tables.

    Raises:
        GelugenError: no architecture keeps the guarantee, none has tables that are small enough, or the C of none can
            be built.
    """
    asked = Objective.parse(spec.objective).asked.core
    if asked is None:
        raise ValueError(f"{spec.objective} is no objective of a core")
    ranked = _ranked(spec, asked, gathered(spec, _in_codes(spec, tell), tell))
    if lacking(asked):
        design, about = ranked[0]
        return Chosen(design, target, _estimated(asked, about, len(ranked)))
    some = [design for design, _ in ranked[:most]]
    note(f"measuring {len(some)} of {len(ranked)} candidates on {core_of(asked.core).title}")
    found = _measured(spec, asked, [_task(design, target, asked) for design in some], note, jobs)
    best = min(found, key=lambda number: (*found[number].cost(asked), number))
    return Chosen(some[best], target, _figures(asked, found[best], len(some), len(ranked)))


def counted(spec: Spec, found: Iterable[Design], asked: OnCore, most: int) -> dict[Design, Figures]:
    """What the most promising of some designs take on a core, measured; where the tools are missing, all, estimated.

    Args:
        spec: the request that they serve; ``spec.flash`` is the most bytes of tables.
        found: the designs.
        asked: what is counted.
        most: so many are measured, one after the other, in this process.

    Raises:
        GelugenError: none has tables that are small enough, or the C of none can be built.
    """
    ranked = _ranked(spec, asked, list(found))
    if lacking(asked):
        return {design: _estimated(asked, about, len(ranked)) for design, about in ranked}
    some = [design for design, _ in ranked[:most]]
    tasks = [_task(design, Target("candidate"), asked) for design in some]
    measured = _measured(spec, asked, tasks, lambda _: None, 1)
    return {some[number]: _figures(asked, each, len(some), len(ranked)) for number, each in sorted(measured.items())}


def competing_on_core(spec: Spec) -> list[Architecture]:
    """The architectures among which the least on a core is looked for, simplest first.

    ``auto`` is what it is elsewhere, and the polynomials in the code itself that are fast.

    Raises:
        GelugenError: all are excluded.
    """
    return competing(spec, lambda each: each.name in SHAPES)


def lacking(asked: OnCore) -> str:
    """Empty if what an objective needs is there, else what to install for more than an estimate."""
    return missing(asked.core) if asked.kind == "instructions" else missing_compiler(asked.core)


def work(task: Task) -> Measured:
    """Measure a function; what cannot be built or does not fit the core's memory is a result too."""
    try:
        if task.codes is None:
            return Measured(sizes(task.kernel, task.core))
        first = tuple(some[:1] for some in task.codes)
        counted = count(task.kernel, task.core, task.codes, first)
        return Measured(sizes(task.kernel, task.core), counted.mean)
    except GelugenError as error:
        return Measured(Sizes(0, 0), refusal=str(error))


def _task(design: Design, target: Target, asked: OnCore) -> Task:
    kernel = array_function(design, target.name, c.files(design, target, Contract.of(design, target)))
    return Task(kernel, asked.core, near(design) if asked.kind == "instructions" else None)


def counted_by(asked: OnCore) -> str:
    """Who counts for an objective: the tools with their versions, or ``ESTIMATE``."""
    if lacking(asked):
        return ESTIMATE
    core = core_of(asked.core)
    compiler = f"gcc {_version(core.compiler, '-dumpversion')} {' '.join(LEVEL)}"
    return f"{compiler} under QEMU {_version(core.emulator)}" if asked.kind == "instructions" else compiler


def _measured(
    spec: Spec, asked: OnCore, tasks: list[Task], note: Callable[[str], object], jobs: int | None
) -> dict[int, Measured]:
    """What was measured of the tasks whose tables fit, by their numbers.

    Raises:
        GelugenError: there is none.
    """
    found: dict[int, Measured] = {}
    refusals: dict[int, str] = {}
    tables: list[int] = []
    for done, (number, measured) in enumerate(spread(work, tasks, jobs, "measured"), 1):
        if measured.refusal:
            refusals[number] = measured.refusal
        elif _fits(spec, measured.sizes.tables):
            found[number] = measured
        else:
            tables.append(measured.sizes.tables)
        if found:
            least = float(min(each.cost(asked)[0] for each in found.values()))
            note(f"{done} of {len(tasks)} candidates measured, {least:g} {asked.unit} so far at least")
    if not found:
        raise _too_large(spec, tables) if tables else GelugenError(refusals[min(refusals)])
    return found


def _ranked(spec: Spec, asked: OnCore, found: list[Design]) -> list[tuple[Design, Estimate]]:
    """The designs that may be measured with their estimates, the most promising first.

    Raises:
        GelugenError: none of them has tables that are small enough, or none can be written in C.
    """
    about: list[tuple[Design, Estimate]] = []
    refusals: list[GelugenError] = []
    for design in found:
        try:
            about.append((design, estimate(design, asked.core)))
        except GelugenError as error:
            refusals.append(error)
    fitting = [(design, each) for design, each in about if _fits(spec, each.tables)]
    if not fitting:
        raise _too_large(spec, [each.tables for _, each in about]) if about else refusals[0]
    return sorted(fitting, key=lambda pair: asked.cost(pair[1].instructions, pair[1].code, pair[1].tables))


def _fits(spec: Spec, tables: int) -> bool:
    return spec.flash is None or tables <= spec.flash


def _too_large(spec: Spec, tables: list[int]) -> GelugenError:
    return GelugenError(
        f"flash {spec.flash} is too small: of the designs of {spec.function} from {spec.input} to {spec.output} that "
        f"keep the guarantee {spec.guarantee}, the smallest tables that were found have {min(tables)} bytes"
    )


def _in_codes(spec: Spec, tell: Tell) -> Iterator[Design]:
    """Polynomials in the code itself, unless they are excluded; a named architecture has been searched before."""
    if spec.architecture == AUTO:
        for design in in_codes(spec, golden(spec), tell):
            if not spec.excludes(get_architecture(design.architecture)):
                yield design


def _counts(asked: OnCore, instructions: Fraction | float | None, code: int, tables: int) -> dict[str, int | float]:
    counts: dict[str, int | float] = {"code_bytes": code, "table_bytes": tables}
    if asked.kind == "instructions" and instructions is not None:
        return {"instructions": round(float(instructions), 4), **counts}
    return counts


def _figures(asked: OnCore, got: Measured, measured: int, candidates: int) -> Figures:
    counts = _counts(asked, got.instructions, got.sizes.code, got.sizes.tables)
    return Figures(str(asked), asked.core, counts, counted_by(asked), measured, candidates)


def _estimated(asked: OnCore, about: Estimate, candidates: int) -> Figures:
    counts = _counts(asked, about.instructions, about.code, about.tables)
    return Figures(str(asked), asked.core, counts, ESTIMATE, 0, candidates)


def _version(tool: str, flag: str = "--version") -> str:
    return tool_version(tool, flag).removeprefix(f"{tool} ")
