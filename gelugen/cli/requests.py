"""The flags of a request, as the fields of a Spec."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from gelugen.errors import GelugenError

REQUEST = ("function", "input", "output", "guarantee", "architecture", "ties", "objective", "exclude")


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
    if missing := [f"--{key}" for key in ("function", "input", "output") if key not in flags]:
        raise GelugenError(f"{missing[0]} is missing: a design needs --function, --input and --output")
