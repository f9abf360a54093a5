"""What the user asks for: the Spec (what is computed) and the Target (how it is written down).

Both come from Python, from command line flags or from TOML, and the same request gives the same bytes.
A TOML file holds one table a design::

    [design.ffn_gelu]
    function = "gelu"
    input = "int8:scale=0.05,zero_point=-3"     # or { bits = 8, signed = true, scale = "0x1.8p-5" }
    output = "int8:scale=fit"
    guarantee = "correct"                       # optional: correct, faithful, ulp:N
    architecture = "auto"                       # optional
    ties = "even"                               # optional
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tomli_w

from gelugen.architectures import AUTO, get_architecture
from gelugen.errors import GelugenError, short
from gelugen.formats import TIES, FittedFormat, Format, Ties, parse_format
from gelugen.functions import get_function
from gelugen.identifiers import LONGEST, check_identifier

if TYPE_CHECKING:
    from gelugen.golden import Golden

_ULP = re.compile(r"ulp:(\d{1,5}(?:\.\d{1,60})?|\.\d{1,60})", re.ASCII)


@dataclass(frozen=True)
class Guarantee:
    """The accuracy that must hold over every input code.

    Attributes:
        kind: ``correct`` (equals the golden code), ``faithful`` (|error| < 1 ulp against the real function
            clamped to the output range) or ``ulp`` (|error| <= ``ulp``).
        ulp: the bound, 0 unless kind is ``ulp``.
    """

    kind: Literal["correct", "faithful", "ulp"]
    ulp: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        valid = isinstance(self.ulp, Fraction) and (self.kind == "ulp") == (self.ulp > 0) and self.ulp < 1 << 16
        if self.kind not in ("correct", "faithful", "ulp") or not valid or (self.ulp * 10**60).denominator != 1:
            raise GelugenError(
                f"guarantee {short(self.kind)} with ulp {short(self.ulp)} is not known: it must be correct, faithful "
                f"or ulp with a Fraction above 0 and below 65536 of at most 60 decimals"
            )

    @classmethod
    def parse(cls, text: str) -> Guarantee:
        """Read ``correct``, ``faithful`` or ``ulp:N``.

        Raises:
            GelugenError: it is none of them.
        """
        if text == "correct":
            return cls("correct")
        if text == "faithful":
            return cls("faithful")
        if isinstance(text, str) and (match := _ULP.fullmatch(text)) and 0 < float(match[1]) < 1 << 16:
            return cls("ulp", Fraction(match[1]))
        raise GelugenError(
            f"guarantee {short(text)} is not known: it must be correct, faithful or ulp:N with N above 0"
        )

    def __str__(self) -> str:
        return f"ulp:{_decimal(self.ulp)}" if self.kind == "ulp" else self.kind

    def describe(self) -> str:
        """The guarantee as a formula, for people."""
        if self.kind == "correct":
            return "correct: the real value, correctly rounded, at every code"
        if self.kind == "faithful":
            return "faithful: |error| < 1 ulp at every code"
        return f"ulp:{_decimal(self.ulp)}: |error| <= {_decimal(self.ulp)} ulp at every code"


@dataclass(frozen=True, init=False)
class Spec:
    """A function, two formats and the accuracy that must hold.

    Attributes:
        function: a name of the catalogue.
        input: the input format.
        output: the output format.
        guarantee: the accuracy over every input code.
        architecture: ``auto``, or the name of the one to take.
        ties: where a real value exactly half-way between two output codes goes.
    """

    function: str
    input: Format
    output: Format
    guarantee: Guarantee
    architecture: str
    ties: Ties

    def __init__(
        self,
        function: str,
        input: str | Mapping[str, Any] | Format,
        output: str | Mapping[str, Any] | Format,
        guarantee: str | Guarantee = "correct",
        architecture: str = AUTO,
        ties: Ties = "even",
    ) -> None:
        """Check and normalise.

        ``output`` may ask for ``scale=fit``: the smallest scale in which the function over the input's range
        does not saturate.

        Raises:
            GelugenError: a field is unknown, malformed or contradictory.
        """
        entry = get_function(function)
        input_format = Format.parse(input)
        output_format = parse_format(output)
        if isinstance(output_format, FittedFormat):
            output_format = output_format.fit(*entry.range(input_format))
        if ties not in TIES:
            raise GelugenError(f"ties {ties!r} is not known: it must be one of {', '.join(TIES)}")
        if architecture != AUTO:
            architecture = get_architecture(architecture).name
        fields = {
            "function": function,
            "input": input_format,
            "output": output_format,
            "guarantee": guarantee if isinstance(guarantee, Guarantee) else Guarantee.parse(guarantee),
            "architecture": architecture,
            "ties": ties,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def golden(self) -> Golden:
        """The golden codes: for every input code the right output code, with what it was rounded from.

        Raises:
            GelugenError: a code cannot be rounded (its message names the code).
        """
        from gelugen.golden import golden  # golden.py stands on this room; only this convenience looks down

        return golden(self)

    def fields(self) -> dict[str, str]:
        """The spec as text, ready for TOML or JSON; ``Spec(**fields)`` gives it back."""
        return {
            "function": self.function,
            "input": str(self.input),
            "output": str(self.output),
            "guarantee": str(self.guarantee),
            "architecture": self.architecture,
            "ties": self.ties,
        }

    def default_name(self) -> str:
        """An identifier made from the spec, such as ``gelu_q3_12_faithful``.

        Formats that no short name can tell apart add the first digits of the spec's hash.
        """
        formats = [self.input] if self.input == self.output else [self.input, self.output]
        shown = [str(each).replace(".", "_") if each.fraction_bits is not None else each.kind for each in formats]
        parts = [self.function, *shown, re.sub(r"[:.]", "_", str(self.guarantee)).replace("ulp_", "ulp")]
        if self.architecture != AUTO:
            parts.append(self.architecture.replace("-", "_"))
        if self.ties != "even":
            parts.append(f"ties_{self.ties}")
        if any(each.fraction_bits is None for each in formats):
            parts.append(spec_hash(self.fields())[:8])
        name = "_".join(parts)
        if len(name) <= LONGEST:
            return name
        return f"{name[: LONGEST - 9].rstrip('_')}_{spec_hash(self.fields())[:8]}"


@dataclass(frozen=True)
class Target:
    """How a design is written down, apart from what it computes.

    Attributes:
        name: the identifier of the C function, of the Verilog module and of the folder.
    """

    name: str

    def __post_init__(self) -> None:
        check_identifier(self.name)


def command(spec: Spec, target: Target) -> str:
    """The canonical command that makes a design again, without the output folder."""
    words = ["gelugen", "generate"]
    for key, value in spec.fields().items():
        if (key, value) not in (("architecture", AUTO), ("ties", "even")):
            words += [f"--{key}", value]
    if target.name != spec.default_name():
        words += ["--name", target.name]
    return shlex.join(words)


def spec_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256 of a mapping's canonical JSON, in hexadecimal digits."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def to_toml(requests: Mapping[str, Spec]) -> str:
    """The TOML text of named specs; ``from_toml`` reads it back."""
    return tomli_w.dumps({"design": {name: spec.fields() for name, spec in requests.items()}})


def from_toml(text: str, where: str) -> list[tuple[Spec, Target]]:
    """Read a TOML file's designs.

    Args:
        text: the TOML text.
        where: the file's name, for messages.

    Raises:
        GelugenError: no TOML, an unknown key, a missing one, or a design that is refused.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and integers and nesting without end
        raise GelugenError(f"{where} is not TOML: {str(error)[:200]}") from None
    if unknown := sorted(set(data) - {"design"}):
        raise GelugenError(f"{where} has the unknown key {unknown[0]!r}: designs are tables named [design.NAME]")
    designs = data.get("design")
    if not isinstance(designs, dict) or not designs:
        raise GelugenError(f"{where} holds no design: write one table [design.NAME] for each")
    requests = []
    for name, fields in designs.items():
        try:
            requests.append((from_fields(fields), Target(name)))
        except GelugenError as error:
            raise GelugenError(f"{where}, [design.{name}]: {error}") from None
    return requests


def from_fields(fields: object) -> Spec:
    """A Spec from a mapping of its fields.

    Raises:
        GelugenError: an unknown key, a missing one, or a value that is refused.
    """
    known = ("function", "input", "output", "guarantee", "architecture", "ties")
    if not isinstance(fields, Mapping):
        raise GelugenError(f"{fields!r} must be a table with the keys {', '.join(known)}")
    if unknown := sorted(set(fields) - set(known), key=str):
        raise GelugenError(f"key {unknown[0]!r} is not known: the keys are {', '.join(known)}")
    if missing := [key for key in known[:3] if key not in fields]:
        raise GelugenError(f"key {missing[0]!r} is missing: a design needs function, input and output")
    return Spec(**fields)


def read_toml(path: Path) -> list[tuple[Spec, Target]]:
    """``from_toml`` on a file.

    Raises:
        GelugenError: it cannot be read, or what it holds is refused.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is no file")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GelugenError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return from_toml(text, str(path))


def _decimal(value: Fraction) -> str:
    """A fraction that came from decimal digits, as those digits again."""
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
    text = str(value.numerator * 10**digits // value.denominator).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text
