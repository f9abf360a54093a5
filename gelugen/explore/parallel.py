"""Tasks over the cores of this machine or over a Dask cluster, both through joblib; results as they finish."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gelugen.errors import GelugenError, short
from gelugen.explore.results import Result, identity
from gelugen.explore.tasks import Task, work
from gelugen.workers import spread

ANSWER_SECONDS = 8
"""How long a Dask cluster may take to answer."""
_LOST_SECONDS = 20
_POLL_SECONDS = 0.25


def run(tasks: Sequence[Task], jobs: int | None = None, dask: str | None = None) -> Iterator[Result]:
    """The results of tasks, in the order in which they finish.

    Args:
        tasks: what to do.
        jobs: processes at a time; None for as many as there are cores. One works in this process.
        dask: the address of a Dask scheduler that does the work in place of this machine.

    Raises:
        GelugenError: the cluster does not answer or runs another gelugen, or workers die.
        RuntimeError: a mistake of gelugen's own.
    """
    results = _on_cluster(tasks, dask) if dask is not None else _on_cores(tasks, jobs)
    for result in results:
        if result.version != identity():
            raise GelugenError(f"a worker runs gelugen {result.version}, and this is {identity()}: install the same")
        yield result


def _on_cores(tasks: Sequence[Task], jobs: int | None) -> Iterator[Result]:
    yield from (result for _, result in spread(work, tasks, jobs, "searched"))


# -- Dask ----------------------------------------------------------------------------------------------------


def _on_cluster(tasks: Sequence[Task], address: str) -> Iterator[Result]:
    """A thread waits for joblib, which may wait for ever where workers die; this looks after the cluster."""
    with _cluster(address) as client:
        arrived: queue.Queue[Result | BaseException | None] = queue.Queue()

        def collect() -> None:
            from joblib import Parallel, delayed, parallel_config
            from joblib._dask import DaskDistributedBackend

            class Backend(DaskDistributedBackend):  # type: ignore[misc]  # joblib is not typed
                def effective_n_jobs(self, n_jobs: int) -> int:
                    """Two at least: for one, joblib would work here and leave the cluster alone."""
                    there: int = super().effective_n_jobs(n_jobs)
                    return max(2, there)

            try:
                with parallel_config(backend=Backend(client=client)):
                    parallel = Parallel(batch_size=1, pre_dispatch="all", return_as="generator_unordered")
                    for result in parallel(delayed(work)(task) for task in tasks):
                        arrived.put(result)
                arrived.put(None)
            except BaseException as error:
                arrived.put(error)

        threading.Thread(target=collect, daemon=True).start()
        silent = 0.0
        lost = GelugenError(f"the Dask cluster at {address} has gone, or has lost its workers or their tasks")
        while True:
            try:
                result = arrived.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                silent = silent + _POLL_SECONDS if _is_lost(client) else 0.0
                if silent >= _LOST_SECONDS:
                    raise lost from None
                continue
            if result is None:
                return
            if isinstance(result, BaseException):
                ours = isinstance(result, RuntimeError | GelugenError)
                raise result if ours else lost from result
            silent = 0.0
            yield result


def _is_lost(client: Any) -> bool:
    """Whether the cluster has gone, has no worker, or has nothing left to do although results are missing."""
    if client.status != "running" or not client.scheduler_info()["workers"]:
        return True
    return all(state.status != "pending" for state in client.futures.values())


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """A client of the cluster; every worker runs this gelugen."""
    try:
        from distributed import Client
        from distributed.core import rpc
    except ImportError:
        raise GelugenError("--dask needs dask: pip install 'gelugen[dask]'") from None
    for name in ("distributed", *(each for each in logging.root.manager.loggerDict if each.startswith("distributed."))):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # one sentence says it

    async def kind() -> object:
        async with rpc(address, timeout=ANSWER_SECONDS) as remote:  # type: ignore[no-untyped-call]
            return (await remote.identity())["type"]

    async def in_time() -> object:
        return await asyncio.wait_for(kind(), ANSWER_SECONDS)

    try:  # before there is a client, which would go on trying
        answer = asyncio.run(in_time())
    except Exception:
        answer = None
    if answer != "Scheduler":
        raise GelugenError(
            f"no Dask scheduler answers at {short(address)}: give the address of one, such as tcp://127.0.0.1:8786"
        )
    client = Client(address, timeout=ANSWER_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    try:
        try:
            client.wait_for_workers(1, timeout=ANSWER_SECONDS)
        except Exception:
            raise GelugenError(f"the Dask cluster at {address} has no worker") from None
        for worker, version in client.run(identity, on_error="return").items():
            if version != identity():
                found = "has no gelugen of its own" if isinstance(version, Exception) else f"runs gelugen {version}"
                raise GelugenError(f"the Dask worker {worker} {found}, and this is {identity()}: install the same")
        yield client
    finally:
        client.close(timeout=2)  # type: ignore[no-untyped-call]
