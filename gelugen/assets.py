"""Where ``templates/`` and ``sim/`` are: inside the package in a wheel, at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

from gelugen.errors import GelugenError


def folder(name: str) -> Path:
    """The folder ``templates`` or ``sim``.

    A checkout comes first: an editable install may have left a stale copy inside the package.

    Raises:
        GelugenError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    checkout = package.parent
    for place in (checkout / name if (checkout / "pyproject.toml").is_file() else None, package / name):
        if place is not None and place.is_dir():
            return place
    raise GelugenError(f"gelugen's folder {name} is missing: install gelugen again")
