"""Many modules, each for a family, over the cores of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gelugen.errors import GelugenError
from gelugen.synthesis.families import Resources
from gelugen.synthesis.measuring import measure, remember
from gelugen.synthesis.nextpnr import Fmax, fmax
from gelugen.tools import PATIENCE
from gelugen.workers import spread


@dataclass(frozen=True)
class Task:
    """A module to measure; fields as the arguments of ``measure``.

    Attributes:
        fmax: measure the clock frequency too.
    """

    sources: Mapping[str, str]
    top: str
    family: str
    brams: bool
    dsps: bool
    fmax: bool = False
    patience: float = PATIENCE
    cache: Path | None = None


@dataclass(frozen=True)
class Measured:
    """What a task found."""

    resources: Resources
    fmax: Fmax | None = None


def work(task: Task) -> Measured:
    """Do a task; raises as ``measure`` and ``fmax`` do."""
    options: dict[str, Any] = {"brams": task.brams, "dsps": task.dsps, "patience": task.patience}
    resources = measure(task.sources, task.top, task.family, cache=task.cache, **options)
    return Measured(resources, fmax(task.sources, task.top, task.family, **options) if task.fmax else None)


def run_tasks(tasks: Sequence[Task], jobs: int | None = None) -> Iterator[tuple[int, Measured]]:
    """Do tasks, and give each one's number and result as it finishes.

    Args:
        tasks: what to do.
        jobs: processes at a time; None for as many as there are cores. One works in this process.

    Raises:
        GelugenError: as ``measure`` and ``fmax`` do, or a process was killed.
    """
    for number, found in try_tasks(tasks, jobs):
        if isinstance(found, GelugenError):
            raise found
        yield number, found


def try_tasks(tasks: Sequence[Task], jobs: int | None = None) -> Iterator[tuple[int, Measured | GelugenError]]:
    """The same, with the error in place of the result of a task that fails.

    Raises:
        GelugenError: a process was killed.
    """
    for number, found in spread(_tried, tasks, jobs, "synthesized"):
        if isinstance(found, Measured):
            task = tasks[number]
            remember(task.sources, task.top, task.family, found.resources, brams=task.brams, dsps=task.dsps)
        yield number, found


def _tried(task: Task) -> Measured | GelugenError:
    try:
        return work(task)
    except GelugenError as error:
        return error
