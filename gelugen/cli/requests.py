"""The flags of a request, as the fields of a Spec."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from gelugen.errors import GelugenError

REQUEST = (
    "function",
    "input",
    "output",
    "guarantee",
    "architecture",
    "ties",
    "objective",
    "exclude",
    "flash",
    "outside",
    "dialect",
)

TARGET = ("pipeline", "lanes", "stream", "rom", "writable", "memory", "style", "header")

GATED = ("intermediate", "up", "requantize")


def given(options: argparse.Namespace, *names: str) -> dict[str, str]:
    """The flags that were given, by the names of their fields; ``--no-multiplier`` is one more to exclude."""
    flags = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.no_multiplier:
        excluded = [flags["exclude"]] if "exclude" in flags else []
        flags["exclude"] = ",".join([*excluded, "multiplier"])
    return flags


def need(flags: Mapping[str, str]) -> None:
    """Refuse flags that say too little.

    Raises:
        GelugenError: the function or a format is missing.
    """
    what, keys = "a design", ["function", "input", "output"]
    if any(key in flags for key in GATED):
        what, keys = "a gated unit", ["function", "input", "intermediate", "up", "output"]
    if missing := [f"--{key}" for key in keys if key not in flags]:
        *most, last = [f"--{key}" for key in keys]
        raise GelugenError(f"{missing[0]} is missing: {what} needs {', '.join(most)} and {last}")


def load_own(*names: str | None, accuracy: str | None = None) -> None:
    """Import what the user has named ``module:function`` on the command line; the current folder is looked in too.

    This alone runs a user's code: nothing that stands in a file comes here.

    Args:
        names: functions, of the catalogue or the user's own.
        accuracy: of an ordinary float function among them.

    Raises:
        GelugenError: there is no such module or function, it lacks its accuracy, or there is nothing to have one.
    """
    from gelugen.functions.user import is_reference, load

    own = [name for name in names if name is not None and is_reference(name)]
    if accuracy is not None and not own:
        raise GelugenError(f"--accuracy {accuracy} is given without a function of your own: add --function MODULE:NAME")
    if own and "" not in sys.path:
        sys.path.insert(0, "")
    for name in own:
        load(name, accuracy)
