"""What is read from a model: its activations, and what was left out with the reason."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gelugen.dialects.expressions import Expression
from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.functions import get_function
from gelugen.identifiers import LONGEST, check_identifier, identifier_part

Dialect = Literal["onnxruntime", "litert"]
SUBGRAPH = "subgraph"
"""The operator of an activation that several nodes compute together; the function of one that is none of the
catalogue."""
_LONGEST_TEXT = 100


@dataclass(frozen=True)
class Activation:
    """One activation: a function of one quantized tensor, with a quantized result.

    Attributes:
        name: an identifier made from the node's name; no other activation of the model has it.
        function: the function in gelugen's notation, as in ``elu:alpha=0.5``; ``subgraph`` if it is none that the
            catalogue knows, and then ``expression`` says what it is.
        input: the input format; the scale is the model's float32.
        output: the output format.
        dialect: the runtime that the model is for.
        operator: the runtime's own operator, as in ``Gelu``, ``com.microsoft.FastGelu`` or ``LEAKY_RELU``; ``subgraph``
            where several nodes compute it.
        node: the node's name as the model has it, fit to be shown.
        where: in which graph it stands, at which place, and what stands before and after it.
        attributes: the operator's numbers (alpha, beta, gamma), exact float32 values, with its defaults filled in.
        expression: for ONNX, the nodes in order with float32 constants; None for LiteRT.
    """

    name: str
    function: str
    input: Format
    output: Format
    dialect: Dialect
    operator: str
    node: str
    where: str
    attributes: tuple[tuple[str, float], ...] = ()
    expression: Expression | None = None


@dataclass(frozen=True)
class LeftOut:
    """A node that is an activation, or stands in one, and that gives no design.

    Attributes:
        node: its name, fit to be shown.
        operator: the runtime's operator.
        reason: one sentence without its full stop.
    """

    node: str
    operator: str
    reason: str


@dataclass(frozen=True)
class Model:
    """A quantized model, as far as its activations go.

    Attributes:
        file: the file's name, without its folder.
        dialect: the runtime that it is for.
        activations: in the order of the file.
        left_out: in the order of the file.
    """

    file: str
    dialect: Dialect
    activations: tuple[Activation, ...]
    left_out: tuple[LeftOut, ...]


class UnreadableError(Exception):
    """An activation that cannot be read; the message is the reason, without the file and the node."""


def printable(text: str, fallback: str = "without a name") -> str:
    """A name from a file, fit for a terminal and for a comment: no control characters, not too long."""
    clean = "".join(each if each.isprintable() else "?" for each in text[: 2 * _LONGEST_TEXT])
    if len(clean) > _LONGEST_TEXT:
        clean = f"{clean[: _LONGEST_TEXT - 13]}...{clean[-10:]}"
    return clean or fallback


def known(notation: str) -> str | None:
    """The canonical notation of a function; None if the catalogue refuses it."""
    try:
        return get_function(notation).name
    except GelugenError:
        return None


def make_format(bits: int, signed: bool, scale: float, zero_point: int, what: str) -> Format:
    """A format from a model's facts.

    Args:
        bits: the width of a code.
        signed: whether codes are signed.
        scale: an exact float32.
        zero_point: the code of 0.
        what: ``input`` or ``output``, for the message.

    Raises:
        UnreadableError: a fact is out of its domain.
    """
    try:
        return Format(bits, signed, scale, zero_point)
    except GelugenError as error:
        raise UnreadableError(f"of its {what}, {error}") from None


def identifiers(names: Iterable[str]) -> list[str]:
    """A valid identifier for each name, no two equal even where upper and lower case are the same.

    A slash and all else that C and Verilog do not take becomes an underscore; a leading digit gets ``layer_``
    before it; a taken word gets ``_act`` after it, and what is no name even so becomes ``layer_`` and a hash; a name
    that is there already gets a number.
    """
    found: list[str] = []
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for name in names:
        part = identifier_part(re.sub(r"[^\x20-\x7e]", "_", name[:10_000])) or "activation"
        base = f"layer_{part}" if part[0].isdigit() else part
        if len(base) > LONGEST - 8:
            base = f"{base[: LONGEST - 17].rstrip('_')}_{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"
        if not _is_identifier(base):
            base = f"{base}_act"
        if not _is_identifier(base):  # a part of it is kept for the names in generated C
            base = f"layer_{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"
        unique = base
        while unique.casefold() in taken:
            counts[base.casefold()] = counts.get(base.casefold(), 1) + 1
            unique = f"{base}_{counts[base.casefold()]}"
        taken.add(unique.casefold())
        found.append(unique)
    return found


def _is_identifier(name: str) -> bool:
    try:
        check_identifier(name)
    except GelugenError:
        return False
    return True
