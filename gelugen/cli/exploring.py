"""The command ``explore``."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gelugen.accuracy import shown
from gelugen.aims import Weights
from gelugen.cli.printing import bar, print_json, print_table, write_text
from gelugen.cli.requests import REQUEST, given, load_own, need
from gelugen.cores.objective import lacking
from gelugen.errors import GelugenError
from gelugen.explore import COLUMNS, Case, Exploration, Refused, Row, case, kept, read_grid
from gelugen.explore import explore as explored

if TYPE_CHECKING:
    from gelugen.explore import Kept


def explore(options: argparse.Namespace) -> int:
    """Search what is missing, keep it as it comes, then rank, write and print everything."""
    from gelugen.report import can_plot, plot_front

    load_own(options.function, accuracy=options.accuracy)
    cases = _cases(options)
    if options.jobs and options.dask:
        raise GelugenError(f"--jobs {options.jobs} and --dask {options.dask} exclude each other: give one")
    picture = options.plot or options.output_dir / "pareto.png"
    drawn = can_plot(picture, needed=options.plot is not None)
    path = options.results or options.output_dir / "results.jsonl"
    with kept(path) as keeper:
        if keeper.others and not options.json:
            print(f"{path}: {keeper.others} results of another version of gelugen are not used", file=sys.stderr)
        outcome = _search(options, cases, keeper)
    for sentence in dict.fromkeys(filter(None, map(_estimated, cases))):
        print(f"gelugen: warning: {sentence}", file=sys.stderr)
    table = options.csv or options.output_dir / "designs.csv"
    _write_csv(table, outcome.rows)
    if outcome.rows and drawn:
        plot_front(outcome, picture)
    if options.json:
        print_json(
            {
                "designs": [row.fields() for row in outcome.rows],
                "refused": [each.fields() for each in outcome.refused],
            }
        )
    else:
        _print(options, outcome, [path, table, *([picture] if outcome.rows and drawn else [])])
    if not outcome.rows:
        raise _nothing(outcome.refused)
    return 0


def _cases(options: argparse.Namespace) -> list[Case]:
    flags = given(options, *REQUEST)
    if options.grid and flags:
        raise GelugenError(
            f"--{next(iter(flags))} and {options.grid}: give what to explore by flags or by TOML, not both"
        )
    if options.grid:
        return read_grid(Path(options.grid))
    need(flags)
    names = flags.pop("architecture", None)
    return [case(flags, None if names is None else [name.strip() for name in names.split(",")])]


def _estimated(each: Case) -> str:
    """Empty if nothing is estimated, else what is, and what to install for more than that."""
    asked = Weights.parse(each.spec.objective)
    lacks = lacking(asked.core) if asked.core else ""
    return f"{asked.name} is estimated: {lacks}" if lacks else ""


def _search(options: argparse.Namespace, cases: Sequence[Case], keeper: Kept) -> Exploration:
    count = [0, 0]
    with bar(quiet=options.json) as say:

        def tell(done: int, total: int) -> None:
            count[:] = done, total
            say(done, total)

        try:
            return explored(cases, keeper, options.jobs, options.dask, tell)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_kept_so_far(count, keeper)) from None
        except GelugenError as error:
            raise GelugenError(f"{error} ({_kept_so_far(count, keeper)})" if count[0] else str(error)) from None


def _kept_so_far(count: Sequence[int], keeper: Kept) -> str:
    return f"{count[0]} of {count[1]} tasks are kept in {keeper.path}, and the same command goes on from there"


# -- what is written and printed -----------------------------------------------------------------------------


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    """One line a design; multipliers as in ``9x12 20x12``.

    Raises:
        GelugenError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row.fields(), "multipliers": _multipliers(row)} for row in rows)
    write_text(path, text.getvalue())


def _print(options: argparse.Namespace, outcome: Exploration, paths: Sequence[Path]) -> None:
    for each in outcome.cases:
        rows = [row for row in outcome.rows if row.case == each]
        refused = [one for one in outcome.refused if one.case == each]
        if rows:
            by = rows[0].found.figures
            counted = "" if by is None else f", {by.by}" if by.estimated else f", measured by {by.by}"
            print(f"{each.title}, by {each.spec.objective}{counted}")
            columns = {head: cells for head, cells in _columns(rows[: options.top]).items() if any(cells)}
            print_table(list(columns), list(zip(*columns.values(), strict=True)))
        else:
            print(f"{each.title}: nothing is feasible")
        if len(rows) > options.top:
            print(f"{len(rows) - options.top} more rows: --top {len(rows)}, or see {paths[1]}")
        for reason, names in _reasons(refused).items():
            print(f"not feasible: {', '.join(names)}: {reason}")
    if any(row.pareto for row in outcome.rows):
        print("* on the Pareto front: no design of the same function and formats is smaller and has a smaller error")
    print("written: " + ", ".join(map(str, paths)))


def _columns(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The cells of the table by head; what was not measured is empty."""

    def counted(name: str) -> list[str]:
        return [str(getattr(row.found.resources, name)) if row.found.resources else "" for row in rows]

    def on_core(name: str) -> list[str]:
        found = [row.found.figures.counts.get(name) if row.found.figures else None for row in rows]
        return ["" if each is None else f"{each:g}" for each in found]

    def blocks(name: str) -> list[str]:
        cells = counted(name)
        return cells if set(cells) - {"0"} else [""] * len(rows)

    return {
        ">rank": [str(row.rank) for row in rows],
        "": ["*" if row.pareto else " " for row in rows],
        "architecture": [row.architecture for row in rows],
        "style": [row.found.style for row in rows],
        ">segments": [str(row.found.segments) for row in rows],
        ">ROM bits": [str(row.found.rom_bits) for row in rows],
        "multipliers": [_multipliers(row) or "-" for row in rows],
        ">multiplier bits": [str(row.found.multiplier_bits) for row in rows],
        ">LUTs": counted("luts"),
        ">INV": blocks("inverters"),
        ">BRAM": blocks("block_rams"),
        ">DSP": blocks("dsps"),
        ">instructions": on_core("instructions"),
        ">code bytes": on_core("code_bytes"),
        ">table bytes": on_core("table_bytes"),
        ">cost": [f"{row.cost:g}" if row.cost < 1e6 else f"{row.cost:.0f}" for row in rows],
        ">max ulp": [shown(row.found.max_ulp) for row in rows],
        ">correctly rounded": [f"{row.found.correctly_rounded:.2%}" for row in rows],
        ">latency": [str(row.found.latency) for row in rows],
        ">time": [f"{row.seconds:.1f} s" for row in rows],
    }


def _multipliers(row: Row) -> str:
    return " ".join(f"{one}x{two}" for one, two in row.found.multipliers)


def _reasons(refused: Sequence[Refused]) -> dict[str, list[str]]:
    """The architectures of every reason."""
    reasons: dict[str, list[str]] = {}
    for each in refused:
        reason = f"at best ulp:{each.reached}" if each.reached else each.reason
        reasons.setdefault(reason, []).append(each.architecture)
    return reasons


def _nothing(refused: Sequence[Refused]) -> GelugenError:
    """One sentence that says how far each case got."""
    best: dict[Case, Refused] = {}
    for each in refused:
        if each.reached and (each.case not in best or float(each.reached) < float(best[each.case].reached)):
            best[each.case] = each
    if not best:
        return GelugenError(f"nothing that was explored is feasible: {refused[0].reason}")
    reached = [f"{each.title}: {one.architecture} keeps ulp:{one.reached}" for each, one in best.items()]
    more = f"; and {len(reached) - 3} more" if len(reached) > 3 else ""
    return GelugenError(
        f"no architecture that was explored keeps the guarantee: at best {'; '.join(reached[:3])}{more}"
    )
