"""Explore: all designs of all architectures for many specs, ranked; results are kept as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gelugen.explore.grid import Case, case, from_toml, read_grid
from gelugen.explore.parallel import run
from gelugen.explore.ranking import COLUMNS, Exploration, Refused, Row, panel_of, ranked
from gelugen.explore.results import Kept, is_results, kept, read_results
from gelugen.explore.tasks import Task

__all__ = [
    "COLUMNS",
    "Case",
    "Exploration",
    "Kept",
    "Refused",
    "Row",
    "case",
    "explore",
    "from_toml",
    "is_results",
    "kept",
    "panel_of",
    "read_grid",
    "read_results",
]


def explore(
    cases: Sequence[Case],
    kept: Kept,
    jobs: int | None = None,
    dask: str | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> Exploration:
    """Do what the kept results lack, keep it, and rank everything.

    The outcome depends on the cases alone, whatever the parallelism and the order in which tasks finish.

    Args:
        cases: what is asked.
        kept: an open file of results, from ``kept``.
        jobs: processes at a time; None for as many as there are cores.
        dask: the address of a Dask scheduler that does the work in place of this machine.
        tell: called with the numbers of tasks done and of all tasks, at the start and after each.

    Raises:
        GelugenError: as ``gelugen.explore.parallel.run``; finished results are kept.
    """
    tasks = {task.key: task for each in cases for name in each.architectures for task in [Task.of(each.spec, name)]}
    missing = [task for key, task in tasks.items() if key not in kept.results]
    done = len(tasks) - len(missing)
    tell(done, len(tasks))
    if missing:
        for result in run(missing, jobs, dask):
            kept.add(result)
            done += 1
            tell(done, len(tasks))
    return ranked(cases, kept.results)
