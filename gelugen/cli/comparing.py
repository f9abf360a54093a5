"""The command ``compare``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gelugen.accuracy import shown
from gelugen.cli.printing import print_json, print_table, progress
from gelugen.cli.requests import load_own
from gelugen.compare import (
    FORMS,
    Approximation,
    Comparison,
    Points,
    Refit,
    Row,
    all_codes,
    approximation,
    defaults,
    grid,
    refit,
    refitted,
    split_names,
)
from gelugen.compare import compare as compared
from gelugen.errors import GelugenError, short
from gelugen.formats import Format, parse_format
from gelugen.functions import Function, get_function
from gelugen.functions.user import is_reference

if TYPE_CHECKING:
    from collections.abc import Callable


def compare(options: argparse.Namespace) -> int:
    """Measure approximations of a function, refit them if asked to, draw and print."""
    from gelugen.report import can_plot, plot_comparison

    function, points = _asked(options)
    output = None if options.output is None else parse_format(options.output)
    if options.plot:
        can_plot(options.plot, needed=True)
    with progress() as say:
        chosen = _approximations(options, function, points)
        refits = _refits(options, points, say)
        chosen += [refitted(each.form, each.coefficient) for each in refits]
        chosen.sort(key=lambda each: each.by_hand)  # what is written by hand comes last
        outcome = compared(function, points, chosen, output, say)
    if options.plot:
        plot_comparison(outcome, options.plot)
    if options.json:
        print_json({**outcome.to_json(), "refits": [each.to_json() for each in refits]})
        return 0
    _print(outcome, refits)
    if options.plot:
        print(f"written: {options.plot}")
    return 0


def _asked(options: argparse.Namespace) -> tuple[Function, Points]:
    """The function, and where it is compared.

    Raises:
        GelugenError: a flag is missing, malformed, or contradicts another one.
    """
    if options.function is None:
        raise GelugenError("--function is missing: say what is approximated, as in --function gelu")
    function = _function(options.function, options.accuracy)
    if options.criterion and not options.refit:
        raise GelugenError(f"--criterion {options.criterion} is given without --refit: add --refit, or leave it out")
    if options.refit and function.name != "gelu":
        raise GelugenError(
            f"--refit {options.refit} is given with --function {options.function}, which has no "
            f"coefficient to refit: take --function gelu"
        )
    if options.input is not None:
        for name in ("range", "step"):
            if (value := getattr(options, name)) is not None:
                raise GelugenError(f"--{name} {value} and --input {options.input} exclude each other: give one")
        return function, all_codes(Format.parse(options.input))
    text = "-10,10" if options.range is None else options.range
    ends = text.split(",")
    if len(ends) != 2:
        raise GelugenError(f"--range {short(text)} must be two numbers by a comma, as in --range=-10,10")
    return function, grid(ends[0], ends[1], "0.001" if options.step is None else options.step)


def _function(notation: str, accuracy: str | None) -> Function:
    """A function of the catalogue, or the user's own one, which is imported since the user has named it here."""
    if is_reference(notation):
        load_own(notation, accuracy=accuracy)
    elif accuracy is not None:
        raise GelugenError(f"--accuracy {accuracy} is given, and {notation} is of the catalogue: leave it out")
    return get_function(notation)


def _approximations(options: argparse.Namespace, function: Function, points: Points) -> list[Approximation]:
    points.check(function)
    if not options.approximations:
        return defaults(function, points)
    names = [name for text in options.approximations for name in split_names(text)]
    load_own(*names)
    return [approximation(name, function, points) for name in names]


def _refits(options: argparse.Namespace, points: Points, say: Callable[[str], object]) -> list[Refit]:
    """Both forms on the points of the comparison."""
    if not options.refit:
        return []
    low, high, step = points.arange
    found = []
    for form in FORMS:
        say(f"{form}: the best coefficient for {options.refit}")
        found.append(refit(form, options.refit, low, high, step, options.criterion or "mse"))
    return found


# -- what is printed -----------------------------------------------------------------------------------------


def _print(outcome: Comparison, refits: list[Refit]) -> None:
    print(f"{outcome.function.name}(x) = {outcome.function.formula}, at {outcome.points.text}")
    if outcome.output:
        print(f"output: {outcome.output.describe()}")
    heads = ["approximation", ">MSE", ">max |error|", ">at x", ">mean |error|"]
    heads += [">max ulp"] * bool(outcome.output) + [">changed codes", ">by at most"] * bool(outcome.changes)
    print_table(heads, [_cells(outcome, row) for row in outcome.rows])
    if outcome.changes:
        _print_changes(outcome)
    if refits:
        _print_refits(refits)


def _cells(outcome: Comparison, row: Row) -> list[str]:
    found = row.metrics
    cells = [
        row.approximation.name,
        f"{found.mse:.4e}",
        f"{found.max_error:.4e}",
        f"{round(found.max_error_at, 6) + 0:g}",  # + 0 takes the sign off a zero
        f"{found.mean_error:.4e}",
    ]
    if found.max_ulp is not None:
        cells.append(shown(found.max_ulp))
    if change := outcome.changes.get((outcome.function.name, row.approximation.name)):
        cells += [str(change.codes), str(change.largest)]
    return cells


def _print_changes(outcome: Comparison) -> None:
    """Between each two: how many codes change, and by how many codes at most."""
    names = [outcome.function.name, *(row.approximation.name for row in outcome.rows)]
    print("codes that change between each two, and by how many codes at most")
    rows = []
    for number, name in enumerate(names):
        found = [outcome.changes[other, name] for other in names[:number]]
        cells = [f"{each.codes} by {each.largest}" if each.codes else "0" for each in found]
        rows.append([str(number), name, *cells, *[""] * (len(names) - 1 - number)])
    print_table([">", "", *(f">{number}" for number in range(len(names) - 1))], rows)


def _print_refits(refits: list[Refit]) -> None:
    first = refits[0]
    what = {"gelu": "GELU itself", "normal_cdf": "Phi, every form divided by x"}[first.target]
    least = {"mse": "least squares", "max": "the least largest |error|"}[first.criterion]
    print(f"refit to {first.target} ({what}) by {least}, at {first.points}")
    print_table(
        ["form", ">coefficient", ">MSE", ">max |error|"],
        [
            cells
            for each in refits
            for cells in (
                (each.form, f"{each.coefficient:.6f}", f"{each.mse:.4e}", f"{each.max_error:.4e}"),
                (each.form, f"{each.default:g} (usual)", f"{each.default_mse:.4e}", f"{each.default_max_error:.4e}"),
            )
        ],
    )
