"""The command line: the only place that prints or exits.

Exit codes: 0 done; 1 a design does not keep its word (``verify``); 2 what was asked for cannot be done;
70 a mistake of gelugen's own; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import gelugen
from gelugen.errors import GelugenError

if TYPE_CHECKING:
    from rich.console import Console

    from gelugen.spec import Spec, Target
    from gelugen.verify import Verdict

# Rooms are imported by the command that needs them: `gelugen --help` waits for none.

_DESIGN_FLAGS = ("function", "input", "output", "guarantee", "architecture", "ties", "name")


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one sentence."""

    def error(self, message: str) -> NoReturn:
        raise GelugenError(f"{message} (see {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    try:
        options = _parser().parse_args(arguments)
        code: int = options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except GelugenError as error:
        print(f"gelugen: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gelugen: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"gelugen: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except Exception as error:
        if os.environ.get("GELUGEN_DEBUG"):
            raise
        print(
            f"gelugen: internal error, please report it: {error!r} (GELUGEN_DEBUG=1 shows more)",
            file=sys.stderr,
        )
        return 70


def _parser() -> _Parser:
    parser = _Parser(
        prog="gelugen",
        description="The smallest integer design found of an activation function that keeps a stated accuracy, "
        "as C and as Verilog, verified over every input code.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gelugen {gelugen.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        added.set_defaults(run=run)
        added.add_argument("--json", action="store_true", help="print JSON for a script to read")
        return added

    generate = command("generate", _generate, "Make designs: C, Verilog, tables, test bench and manifest.")
    generate.add_argument("specs", nargs="*", metavar="SPEC.toml", help="designs as tables [design.NAME]")
    generate.add_argument("--function", help="a name that `gelugen functions` lists")
    generate.add_argument("--input", metavar="FORMAT", help="q3.12, uq0.8 or int8:scale=0.05,zero_point=-3")
    generate.add_argument("--output", metavar="FORMAT", help="the same; int8:scale=fit just holds the function's range")
    generate.add_argument("--guarantee", help="correct (default), faithful or ulp:N")
    generate.add_argument(
        "--architecture", metavar="NAME", help="auto (default) takes the fewest ROM bits; " + _ARCHITECTURES
    )
    generate.add_argument("--ties", help="even (default), away, up or down: where exact halves go")
    generate.add_argument("--name", help="of the C function, the Verilog module and the folder")
    generate.add_argument("-o", "--output-dir", metavar="DIR", default="rtl_out", help="default: rtl_out")

    verify = command("verify", _verify, "Compare the files of designs with their NumPy model over every code.")
    verify.add_argument("folders", nargs="+", metavar="DIR", help="folders that `gelugen generate` has made")
    verify.add_argument(
        "--with", dest="tools", metavar="TOOLS", help="cc (gcc, clang), icarus; default: all that are there"
    )

    show = command("show", _show, "Show a design: formats, guarantee, measured error, size, latency.")
    show.add_argument("folder", metavar="DIR", help="a folder that `gelugen generate` has made")
    show.add_argument("--plot", metavar="FILE.png", type=Path, help="draw function, design and error")

    command("functions", _functions, "List the functions that there are.")
    return parser


_ARCHITECTURES = "table, residual-table, uniform-linear, residual-uniform-linear"


# -- commands ------------------------------------------------------------------------------------------------


def _generate(options: argparse.Namespace) -> int:
    from gelugen.flow import prepare

    requests = _requests(options)
    prepared = []
    with _progress() as say:
        for number, (spec, target) in enumerate(requests, 1):
            say(f"{target.name} ({number} of {len(requests)}): searching")
            try:
                prepared.append(prepare(spec, target))
            except GelugenError as error:
                if len(requests) == 1:
                    raise
                raise GelugenError(f"design {target.name}: {error}") from None
    # Nothing is written before every design is there.
    made = [each.write(options.output_dir) for each in prepared]
    if options.json:
        _print_json(
            [
                {
                    "name": each.folder.name,
                    "folder": str(each.folder),
                    "architecture": each.design.architecture,
                    "rom_bits": each.design.rom_bits,
                    "outcome": each.outcome,
                }
                for each in made
            ]
        )
        return 0
    rows = [
        (
            str(each.folder),
            each.design.architecture,
            f"{each.design.rom_bits}",
            str(each.design.spec.guarantee),
            each.outcome,
        )
        for each in made
    ]
    _table(["folder", "architecture", ">ROM bits", "guarantee", "files"], rows)
    return 0


def _requests(options: argparse.Namespace) -> list[tuple[Spec, Target]]:
    """The designs that the user asks for: TOML files, flags, or the default set."""
    from gelugen.flow import default_set
    from gelugen.spec import Target, from_fields, read_toml

    flags = {name: getattr(options, name) for name in _DESIGN_FLAGS if getattr(options, name) is not None}
    if options.specs and flags:
        raise GelugenError(f"--{next(iter(flags))} and {options.specs[0]}: give a design by flags or by TOML, not both")
    if flags:
        name = flags.pop("name", None)
        if missing := [f"--{key}" for key in ("function", "input", "output") if key not in flags]:
            raise GelugenError(f"{missing[0]} is missing: a design needs --function, --input and --output")
        spec = from_fields(flags)
        return [(spec, Target(spec.default_name() if name is None else name))]
    requests = [each for path in options.specs for each in read_toml(Path(path))] if options.specs else default_set()
    _check_names([target.name for _, target in requests])
    return requests


def _check_names(names: Sequence[str]) -> None:
    """Refuse designs that cannot stand beside each other, in a folder or in one C file."""
    seen: dict[str, str] = {}
    for name in names:
        if other := seen.get(name.lower()):
            told = "twice" if other == name else f"beside {other}, which a file system may not tell apart"
            raise GelugenError(f"design {name} is asked for {told}: give each its own name")
        seen[name.lower()] = name
    for name in names:
        stem = re.sub(r"_(n|tb|(t\d_)?c\d)$", "", name)
        if stem != name and stem in names:
            raise GelugenError(f"design {name} is asked for beside {stem}, whose C uses that name: choose another")


def _verify(options: argparse.Namespace) -> int:
    from gelugen.verify import passed, verify

    tools = None if options.tools is None else [each.strip() for each in options.tools.split(",")]
    results: dict[str, list[Verdict]] = {}
    refusals: list[GelugenError] = []
    with _progress() as say:
        for number, folder in enumerate(options.folders, 1):
            say(f"{folder} ({number} of {len(options.folders)}): every code")
            try:
                results[folder] = verify(folder, tools)
            except GelugenError as error:
                refusals.append(error)
    good = not refusals and all(passed(verdicts) for verdicts in results.values())
    if results:
        _print_verdicts(options, results, good)
    if refusals:  # after what could be said of the others
        raise refusals[0]
    return 0 if good else 1


def _print_verdicts(options: argparse.Namespace, results: dict[str, list[Verdict]], good: bool) -> None:
    if options.json:
        _print_json(
            {
                "passed": good,
                "designs": {folder: [each.to_json() for each in verdicts] for folder, verdicts in results.items()},
            }
        )
        return
    rows = []
    for folder, verdicts in results.items():
        for each in verdicts:
            first = "" if each.first_mismatch is None else "code {}: expected {}, got {}".format(*each.first_mismatch)
            rows.append(
                (
                    Path(folder).name,
                    each.tool,
                    f"{each.checked} of {each.codes}",
                    f"{each.mismatches}" if each.checked else "-",
                    f"{each.seconds:.1f} s",
                    each.status.upper() if each.status != "pass" else "pass",
                    "; ".join(filter(None, (first, each.note))),
                )
            )
    _table(["design", "check", ">codes", ">mismatches", ">time", "verdict", "why"], rows)
    skipped = sum(each.status == "skipped" for verdicts in results.values() for each in verdicts)
    if skipped:
        print(f"{skipped} checks were skipped: nothing is said about what they would have found")


def _show(options: argparse.Namespace) -> int:
    from gelugen.report import figures, lines, plot
    from gelugen.store import read

    bundle = read(options.folder)
    if options.plot:
        plot(bundle, options.plot)
    if options.json:
        _print_json(figures(bundle))
        return 0
    print(bundle.name)
    for label, text in lines(bundle):
        print(f"  {label:<18} {text}")
    if options.plot:
        print(f"  {'picture':<18} {options.plot}")
    return 0


def _functions(options: argparse.Namespace) -> int:
    from gelugen.functions import CATALOGUE

    if options.json:
        _print_json(
            [
                {"name": each.name, "formula": each.formula, "fold": each.fold, "source": each.source}
                for each in CATALOGUE.values()
            ]
        )
        return 0
    _table(
        ["function", "formula", "source"],
        [(each.name, each.formula, each.source) for each in CATALOGUE.values()],
    )
    return 0


# -- printing ------------------------------------------------------------------------------------------------


def _print_json(data: object) -> None:
    print(json.dumps(data, indent=2))


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:  # a file or a pipe has no edge to wrap at
        console.width = 400
    return console


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; a head that starts with > is set flush right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    colours = {"pass": "green", "FAIL": "bold red", "SKIPPED": "yellow", "written": "green"}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        table.add_column(head.lstrip(">"), justify="right" if head.startswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=colours.get(cell, "")) for cell in row))
    _console().print(table)


@contextmanager
def _progress() -> Iterator[Any]:
    """A line on the terminal that says what is being done; nothing where nobody looks."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda text: None  # noqa: ARG005
        return
    with console.status("starting") as status:
        yield status.update
