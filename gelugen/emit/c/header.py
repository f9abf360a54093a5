"""The C files around the functions: one header, or a header with prototypes and a source file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gelugen.emit.c.function import Function
from gelugen.emit.c.kernels import Feature
from gelugen.emit.c.packing import Array
from gelugen.emit.contract import Contract
from gelugen.emit.rendering import enclosed, real, render
from gelugen.formats import Format
from gelugen.identifiers import inner
from gelugen.target import Target

LARGEST_HEADER_TABLE = 4096
"""Bytes of tables that stand in a header by default; larger ones get a .c file, so that they exist once."""


@dataclass(frozen=True)
class Constants:
    """Macros under one comment: names, without the prefix, and texts of their values."""

    comment: str
    values: list[tuple[str, str]]


def scales(forms: Mapping[str, Format], suffix: str = "") -> list[tuple[str, str]]:
    """Scale and zero point of formats, by what their names begin with."""
    return [
        each
        for name, form in forms.items()
        for each in (
            (f"{name}_SCALE{suffix}", real(form.scale)),
            (f"{name}_ZERO_POINT{suffix}", enclosed(form.zero_point)),
        )
    ]


def limits(forms: Mapping[str, Format]) -> list[tuple[str, str]]:
    """Bits, smallest and largest code of formats."""
    return [
        each
        for name, form in forms.items()
        for each in (
            (f"{name}_BITS", str(form.bits)),
            (f"{name}_MIN", enclosed(form.code_min)),
            (f"{name}_MAX", enclosed(form.code_max)),
        )
    ]


SCALES = "A code stands for (code - ZERO_POINT) * SCALE."
LIMITS = "Codes: how many bits they have, the smallest and the largest."


def files(
    target: Target,
    contract: Contract,
    arrays: Iterable[Array],
    constants: list[Constants],
    functions: list[Function],
    body: str,
    context: Mapping[str, Any],
    features: tuple[Feature, ...] = (),
) -> dict[str, str]:
    """The header, and a source file where the target asks for one.

    Args:
        target: the name, and into how many files.
        contract: what the head says.
        arrays: all tables, whose bytes are counted.
        constants: macros.
        functions: what is called from outside.
        body: the template of tables and functions.
        context: what it needs beside.
        features: of processors, for which the body has paths of their own.
    """
    name = target.name
    size = sum(array.bytes for array in arrays)
    split = target.header == "split" or (target.header == "auto" and size > LARGEST_HEADER_TABLE)
    frame = {
        **context,
        "name": name,
        "inner": inner(name),
        "contract": contract.lines(("flash", f"{size} bytes of tables")),
        "constants": constants,
        "functions": functions,
        "split": split,
        "linkage": "" if split else "static inline ",
        "body": body,
        "features": features,
    }
    texts = {f"{name}.h": render("c/header.h.j2", **frame)}
    if split:
        texts[f"{name}.c"] = render("c/source.c.j2", **frame)
    return texts
