"""Many tasks over the cores of this machine, by joblib; results as they finish."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from gelugen.errors import GelugenError

Task = TypeVar("Task")
Result = TypeVar("Result")


def spread(
    work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int | None, what: str
) -> Iterator[tuple[int, Result]]:
    """Do tasks, and give each one's number and result as it finishes.

    Args:
        work: does one; a function of a module, which another process can import.
        tasks: what to do.
        jobs: processes at a time; None for as many as there are cores. One works in this process.
        what: a process does, for a message: ``synthesized``.

    Raises:
        GelugenError: as ``work`` does, or a process was killed.
    """
    from joblib import Parallel, cpu_count, delayed
    from joblib.externals.loky.process_executor import BrokenProcessPool

    jobs = min(jobs or cpu_count(), len(tasks))
    if jobs <= 1:
        yield from ((number, work(task)) for number, task in enumerate(tasks))
        return
    parallel = Parallel(n_jobs=jobs, backend="loky", batch_size=1, return_as="generator_unordered")
    results = parallel(delayed(_numbered)(work, number, task) for number, task in enumerate(tasks))
    try:
        yield from results
    except BrokenProcessPool:
        raise GelugenError(f"a process that {what} was killed, perhaps for want of memory: try fewer jobs") from None
    finally:
        with warnings.catch_warnings():  # joblib warns that results will be lost, and that is known
            warnings.simplefilter("ignore")
            results.close()


def _numbered(work: Callable[[Task], Result], number: int, task: Task) -> tuple[int, Result]:
    return number, work(task)
