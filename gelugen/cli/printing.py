"""What all commands print and write with: JSON, tables, a line that says what is being done, text files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gelugen.errors import GelugenError

if TYPE_CHECKING:
    from rich.console import Console


def print_json(data: object) -> None:
    """Print JSON for a script to read."""
    print(json.dumps(data, indent=2))


def console(stderr: bool = False) -> Console:
    """A rich console on stdout or stderr."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:  # a file or a pipe has no edge to wrap at
        made.width = 400
    return made


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; a head that starts with > is set flush right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    colours = {"pass": "green", "FAIL": "bold red", "SKIPPED": "yellow", "written": "green", "*": "bold green"}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        table.add_column(head.lstrip(">"), justify="right" if head.startswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=colours.get(cell, "")) for cell in row))
    console().print(table)


@contextmanager
def progress() -> Iterator[Callable[[str], object]]:
    """A line on the terminal that says what is being done; nothing where nobody looks."""
    there = console(stderr=True)
    if not there.is_terminal:
        yield lambda text: None  # noqa: ARG005
        return
    with there.status("starting") as status:
        yield status.update


@contextmanager
def bar(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal for tasks done of all, with the time so far; nothing where nobody looks, or if quiet."""
    there = console(stderr=True)
    if quiet or not there.is_terminal:
        yield lambda done, total: None  # noqa: ARG005
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=there, transient=True) as shown:
        task = shown.add_task("tasks")
        yield lambda done, total: shown.update(task, completed=done, total=total)


def write_text(path: Path, text: str) -> None:
    """Write a text file.

    Raises:
        GelugenError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GelugenError(f"{path} cannot be written ({(error.strerror or str(error)).lower()})") from None
