"""One task: all designs of one architecture for one spec, measured; by Yosys or on a core too where asked for."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from gelugen.accuracy import check
from gelugen.aims import Weights
from gelugen.architectures import get_architecture
from gelugen.cores.objective import counted
from gelugen.design import Design
from gelugen.errors import GelugenError
from gelugen.explore.results import Found, Result, identity, task_key, who_counts
from gelugen.fit import Unreachable, designs
from gelugen.functions import Function
from gelugen.functions.user import given
from gelugen.golden import golden
from gelugen.pipeline import latency, multipliers
from gelugen.search import of_degree
from gelugen.spec import Spec
from gelugen.synthesis.families import Resources
from gelugen.synthesis.objective import measured, without_truncation

MOST = 8
"""So many texts of an architecture are measured by Yosys, or on a core."""
_BALLS = threading.Lock()  # a Dask worker may run tasks in threads, and the precision of ball arithmetic is global


@dataclass(frozen=True)
class Task:
    """A spec and one architecture; ``key`` is the hash that its result is kept under.

    Attributes:
        own: the user's own function, if it is one, for a process that has not seen it.
        by: the tools that count, with their versions; empty if nothing is asked of any.
    """

    spec: Spec
    architecture: str
    own: Function | None = None
    by: str = ""

    @classmethod
    def of(cls, spec: Spec, architecture: str) -> Task:
        """The task with all that another process needs.

        Raises:
            GelugenError: there is no Yosys, and the objective needs one.
        """
        by = who_counts(Weights.parse(spec.objective))
        return cls(spec, architecture, spec.definition if spec.definition.own else None, by)

    @property
    def key(self) -> str:
        """The hash of all that the result depends on."""
        return task_key(self.spec, self.architecture)


def work(task: Task) -> Result:
    """Search and measure; what the architecture cannot do is a result too.

    Raises:
        GelugenError: the tools here are not those that shall count.
        RuntimeError: a mistake of gelugen's own; the message names the task.
    """
    spec, architecture = task.spec, get_architecture(task.architecture)
    asked = Weights.parse(spec.objective)
    if (here := who_counts(asked)) != task.by:
        raise GelugenError(f"a worker counts by {here}, and this machine by {task.by}: install the same")
    start = time.perf_counter()
    found: list[Found] = []
    refusal = reached = ""
    try:
        if task.own:
            given(task.own)
        with _BALLS:
            truth = golden(spec)
        made = of_degree(architecture, designs(spec, truth, architecture, _no_limit))
        if asked.luts:
            every = dict.fromkeys([*made, *without_truncation(spec, truth, architecture)])
            best = measured(spec, every, asked.luts, MOST) if every else {}
            found = [_figures(design, style, resources) for design, (style, resources) in best.items()]
        elif asked.core:
            every = dict.fromkeys(made)
            taken = counted(spec, every, asked.core, MOST) if every else {}
            found = [replace(_figures(design), figures=figures) for design, figures in taken.items()]
        else:
            found = [_figures(design) for design in made]
        if not found:
            refusal = "no design was found"
    except GelugenError as error:
        refusal = str(error)
        reached = error.reached if isinstance(error, Unreachable) else ""
    except Exception as error:
        what = f"{spec.function} from {spec.input} to {spec.output} at {spec.guarantee}"
        raise RuntimeError(f"{task.architecture} of {what}: {error!r}") from error
    seconds = round(time.perf_counter() - start, 3)
    return Result(task.key, task.architecture, identity(), seconds, tuple(found), refusal, reached)


def _no_limit(multiplier_bits: int) -> None:
    """The limit of a fit: whatever a design costs, it is of use here."""


def _figures(design: Design, style: str = "", resources: Resources | None = None) -> Found:
    accuracy = check(design)
    return Found(
        segments=max((term.depth for term in design.terms), default=0),
        rom_bits=design.rom_bits,
        multipliers=tuple(multipliers(design)),
        latency=latency(design),
        max_ulp=accuracy.max_ulp,
        mean_ulp=accuracy.mean_ulp,
        correctly_rounded=accuracy.correctly_rounded,
        resources=resources,
        style=style,
    )
