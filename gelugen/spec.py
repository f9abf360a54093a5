"""What the user asks for: the Spec (what is computed) and the Target (how it is written down).

Both come from Python, from command line flags or from TOML, and the same request gives the same bytes.
A TOML file (see ``requests.py``) holds one table a design::

    [design.ffn_gelu]
    function = "gelu"
    input = "int8:scale=0.05,zero_point=-3"     # or { bits = 8, signed = true, scale = "0x1.8p-5" }
    output = "int8:scale=fit"
    guarantee = "correct"                       # optional: correct, faithful, ulp:N
    architecture = "auto"                       # optional
    ties = "even"                               # optional
    objective = "balanced"                      # optional: what the cheapest design is, see gelugen.aims
    exclude = ["multiplier"]                    # optional: what auto leaves out
    flash = 512                                 # optional, with objective instructions:CORE or flash:CORE: the most
                                                # bytes of tables in C
    outside = "clamp"                           # only where the function is not defined for every input code
    dialect = "exact"                           # optional: or a runtime whose codes to give, see gelugen.dialects

In place of the guarantee, the best of a given size::

    minimise = "mse"                            # the mean square error over the input codes
    segments = 8                                # at most so many
    density = "gaussian:0,1"                    # optional: uniform, gaussian:MEAN,STD or histogram:FILE
    grid = 6                                    # optional: coefficients are multiples of 2^-grid
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gelugen.aims import (
    DEFAULT_OBJECTIVE,
    Guarantee,
    Minimise,
    Weights,
    check_exclude,
    check_flash,
    check_size,
    default_grid,
)
from gelugen.architectures import AUTO, Architecture, get_architecture
from gelugen.density import Density
from gelugen.dialects.choice import EXACT, Choice
from gelugen.errors import GelugenError, short
from gelugen.formats import TIES, FittedFormat, Format, Ties, parse_format
from gelugen.functions import Function
from gelugen.identifiers import LONGEST, identifier_part
from gelugen.meaning import check_dialect, check_expression, check_outside, extended, named
from gelugen.target import Target

__all__ = [
    "Guarantee",
    "Spec",
    "Target",
    "command",
    "from_fields",
    "read_text",
    "spec_hash",
]

if TYPE_CHECKING:
    from gelugen.golden import Golden


@dataclass(frozen=True, init=False)
class Spec:
    """A function, two formats, and either the accuracy that must hold or what is to be least for a given size.

    Attributes:
        function: a name of the catalogue with the parameters that are not the default, as in ``swish:beta=1.5``, or
            the ``module:function`` of a user's own one.
        input: the input format.
        output: the output format.
        guarantee: the accuracy over every input code; None where ``minimise`` stands in its place.
        architecture: ``auto``, or the name of the one to take.
        ties: where a real value exactly half-way between two output codes goes.
        minimise: ``mse``, the mean square error of the terms over the input codes, or None.
        segments: the most segments that this may take; None without ``minimise``, as the next two.
        density: how often each input code occurs.
        grid: fraction bits of the coefficients: they are multiples of 2^-grid in real units.
        objective: what makes one design that keeps the guarantee cheaper than another, see ``gelugen.aims``.
        exclude: what ``auto`` leaves out: ``multiplier``, architectures, or their shapes on any fold.
        flash: the most bytes of tables that the C may have; None if any number. It goes with an objective of a core.
        outside: what the function is outside its domain: ``clamp``, its value at the nearest end, or a number; None
            where it is defined for every input code, whatever was given.
        expression: what a subgraph of a model computes, node by node, see ``gelugen.dialects.expressions``. It takes
            the place of the function's own kernel, and of the function itself where that is ``subgraph``.
        dialect: ``exact``, the mathematics; or the runtime whose own arithmetic counts as the truth, as in
            ``litert:resolver=xnnpack``. Then a guarantee is about the distance from the runtime's codes.
    """

    function: str
    input: Format
    output: Format
    guarantee: Guarantee | None
    architecture: str
    ties: Ties
    minimise: Minimise | None
    segments: int | None
    density: Density | None
    grid: int | None
    objective: str
    exclude: tuple[str, ...]
    outside: str | None
    dialect: str
    expression: str | None
    flash: int | None

    def __init__(
        self,
        function: str | Mapping[str, Any] | Function,
        input: str | Mapping[str, Any] | Format,
        output: str | Mapping[str, Any] | Format,
        guarantee: str | Guarantee | None = None,
        architecture: str = AUTO,
        ties: Ties = "even",
        minimise: Minimise | None = None,
        segments: int | str | None = None,
        density: str | Density | None = None,
        grid: int | str | None = None,
        objective: str = DEFAULT_OBJECTIVE,
        exclude: str | Sequence[str] = (),
        outside: str | float | None = None,
        dialect: str = EXACT,
        expression: str | None = None,
        flash: int | str | None = None,
    ) -> None:
        """Check and normalise.

        ``output`` may ask for ``scale=fit``: the smallest scale in which the function over the input's range
        does not saturate. The guarantee is ``correct`` unless one is given or ``minimise`` is. The density is
        ``uniform``, and the grid two bits finer than the output's scale, unless given. A ``histogram:FILE`` is read
        here, and its SHA-256 noted.

        Raises:
            GelugenError: a field is unknown, malformed or contradictory.
        """
        expression = None if expression is None else check_expression(expression, dialect, function)
        entry = named(function, expression)
        input_format = Format.parse(input)
        outside = check_outside(entry, outside)
        low, high = ((code - input_format.zero_point) * Fraction(input_format.scale) for code in input_format.ends)
        if entry.contains(low, high):
            outside = None
        elif outside is None:
            entry.check_domain(low, high)
        else:
            entry = extended(entry, outside)
        output_format = parse_format(output)
        if isinstance(output_format, FittedFormat):
            output_format = output_format.fit(*entry.range(input_format))
        if ties not in TIES:
            raise GelugenError(f"ties {ties!r} is not known: it must be one of {', '.join(TIES)}")
        if architecture != AUTO:
            architecture = get_architecture(architecture).name
        size = {"segments": segments, "density": density, "grid": grid}
        if minimise is None:
            if extra := [name for name, value in size.items() if value is not None]:
                raise GelugenError(f"{extra[0]} {short(size[extra[0]])} is given without minimise: add minimise = mse")
            guarantee = "correct" if guarantee is None else guarantee
            guarantee = guarantee if isinstance(guarantee, Guarantee) else Guarantee.parse(guarantee)
        else:
            if guarantee is not None:
                raise GelugenError(
                    f"guarantee {short(str(guarantee))} and minimise {short(minimise)} exclude each other: give one"
                )
            size = check_size(minimise, segments, density, grid, input_format, output_format)
        asked = Weights.parse(objective)
        fields = {
            "function": entry.name,
            "input": input_format,
            "output": output_format,
            "guarantee": guarantee,
            "architecture": architecture,
            "ties": ties,
            "minimise": minimise,
            **size,
            "objective": asked.name,
            "exclude": check_exclude(exclude),
            "outside": outside,
            "dialect": dialect if dialect == EXACT else str(Choice.parse(dialect)),
            "expression": expression,
            "flash": check_flash(flash, asked),
        }
        if dialect != EXACT:
            check_dialect(fields)
        if minimise is not None and objective != DEFAULT_OBJECTIVE:
            raise GelugenError(f"objective {short(objective)} is given with minimise {short(minimise)}: leave one out")
        if (minimise is not None or architecture != AUTO) and fields["exclude"]:
            raise GelugenError(
                f"exclude {short(str(exclude))} is given, and only architecture auto has a choice: leave it out"
            )
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def definition(self) -> Function:
        """The function as this spec takes it, defined for every input code.

        Raises:
            GelugenError: it is a user's own one, and this process does not know it.
        """
        entry = named(self.function, self.expression)
        return entry if self.outside is None else extended(entry, self.outside)

    @property
    def first_code(self) -> int:
        """The code at which a table without a fold starts: 0, or the smallest one where the runtime has it so."""
        if self.dialect == EXACT or Choice.parse(self.dialect).dialect.table_order != "offset":
            return 0
        return self.input.code_min

    def golden(self) -> Golden:
        """The golden codes: for every input code the right output code, with what it was rounded from.

        Raises:
            GelugenError: a code cannot be rounded (its message names the code).
        """
        from gelugen.golden import golden  # golden.py stands on this room; only this convenience looks down

        return golden(self)

    @property
    def aim(self) -> str:
        """What is asked of the design, in few words: the guarantee, or ``least mse of at most N segments``."""
        return str(self.guarantee) if self.guarantee else f"least {self.minimise} of at most {self.segments} segments"

    def describe_aim(self) -> str:
        """The same as a formula, for people."""
        if self.guarantee and self.dialect != EXACT:
            codes = f"the code that {Choice.parse(self.dialect).dialect.name} gives"
            if self.guarantee.kind == "correct":
                return f"correct: {codes}, at every input code"
            return f"{self.guarantee}: at most {float(self.guarantee.ulp):.6g} from {codes}, at every input code"
        if self.guarantee:
            return self.guarantee.describe()
        return (
            f"minimise mse: the least mean square error of the sum of terms with at most {self.segments} segments, "
            f"coefficients in multiples of 2^{-(self.grid or 0)}, density {self.density}"
        )

    def fields(self) -> dict[str, str]:
        """The spec as text, ready for TOML or JSON; ``Spec(**fields)`` gives it back."""
        asked = ("guarantee",) if self.guarantee else ("minimise", "segments", "density", "grid")
        names = ("function", "input", "output", *asked, "architecture", "ties")
        data = {name: str(getattr(self, name)) for name in names}
        if self.objective != DEFAULT_OBJECTIVE:
            data["objective"] = self.objective
        if self.flash is not None:
            data["flash"] = str(self.flash)
        if self.exclude:
            data["exclude"] = ",".join(self.exclude)
        if self.outside is not None:
            data["outside"] = self.outside
        if self.dialect != EXACT:
            data["dialect"] = self.dialect
        if self.expression is not None:
            data["expression"] = self.expression
        return data

    def excludes(self, architecture: Architecture) -> bool:
        """Whether ``auto`` leaves an architecture out."""
        names = {architecture.name, architecture.shape, *(("multiplier",) if architecture.multiplies else ())}
        return not names.isdisjoint(self.exclude)

    def default_name(self) -> str:
        """An identifier made from the spec, such as ``gelu_q3_12_faithful`` or ``gelu_q3_4_mse8``.

        Formats and densities that no short name can tell apart add the first digits of the spec's hash.
        """
        formats = [self.input] if self.input == self.output else [self.input, self.output]
        shown = [str(each).replace(".", "_") if each.fraction_bits is not None else each.kind for each in formats]
        parts = [identifier_part(self.function), *shown, *self._aim_parts()]
        if self.architecture != AUTO:
            parts.append(self.architecture.replace("-", "_"))
        if self.ties != "even":
            parts.append(f"ties_{self.ties}")
        if self.objective != DEFAULT_OBJECTIVE:
            parts.append(re.sub(r"\W", "_", self.objective))
        if self.flash is not None:
            parts.append(f"flash{self.flash}")
        if self.exclude:
            parts.append("no_" + "_".join(self.exclude).replace("-", "_"))
        if self.outside is not None:
            parts.append(identifier_part(f"outside_{self.outside}"))
        if self.dialect != EXACT:
            parts.append(identifier_part(self.dialect))
        quotient = "/" in f"{self.function}{self.outside}"  # 1/3 and 1.3 look alike in an identifier
        hashed = quotient or self.expression or (self.density is not None and self.density.kind != "uniform")
        if hashed or any(each.fraction_bits is None for each in formats):
            parts.append(spec_hash(self.fields())[:8])
        name = "_".join(parts)
        if len(name) <= LONGEST:
            return name
        return f"{name[: LONGEST - 9].rstrip('_')}_{spec_hash(self.fields())[:8]}"

    def _aim_parts(self) -> list[str]:
        if self.guarantee:
            return [re.sub(r"[:.]", "_", str(self.guarantee)).replace("ulp_", "ulp")]
        parts = [f"{self.minimise}{self.segments}"]
        if self.grid != default_grid(self.output):
            parts.append(f"grid{self.grid}".replace("-", "m"))
        if self.density and self.density.kind != "uniform":
            parts.append(self.density.kind)
        return parts


class _Asked(Protocol):
    """What a canonical command can be made of: a Spec, and what is built on one."""

    @property
    def definition(self) -> Function: ...
    def fields(self) -> dict[str, str]: ...
    def default_name(self) -> str: ...


def command(spec: _Asked, target: Target) -> str:
    """The canonical command that makes a design again, without the output folder."""
    words = ["gelugen", "generate"]
    for key, value in spec.fields().items():
        if (key, value) not in (("density", "uniform"), ("architecture", AUTO), ("ties", "even")):
            words += [f"--{key}", value]
    if accuracy := spec.definition.accuracy:
        words += ["--accuracy", accuracy]
    if target.name != spec.default_name():
        words += ["--name", target.name]
    for key, value in target.fields().items():
        words += [f"--{key}"] if value == "true" else [f"--{key}", value]
    return shlex.join(words)


def spec_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256 of a mapping's canonical JSON, in hexadecimal digits."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


DESIGN_KEYS = tuple(each.name for each in dataclass_fields(Spec))
"""The keys of a design."""


def from_fields(fields: object) -> Spec:
    """A Spec from a mapping of its fields.

    Raises:
        GelugenError: an unknown key, a missing one, or a value that is refused.
    """
    return Spec(**checked_fields(fields, DESIGN_KEYS, DESIGN_KEYS[:3], "a design"))


def checked_fields(fields: object, keys: Sequence[str], needed: Sequence[str], what: str) -> Mapping[str, Any]:
    """A mapping of fields, if it is one of these keys with all that are needed.

    Raises:
        GelugenError: it is no mapping, a key is unknown, or one is missing.
    """
    if not isinstance(fields, Mapping):
        raise GelugenError(f"{fields!r} must be a table with the keys {', '.join(keys)}")
    if unknown := sorted(set(fields) - set(keys), key=str):
        raise GelugenError(f"key {unknown[0]!r} is not known in {what}: the keys are {', '.join(keys)}")
    if missing := [key for key in needed if key not in fields]:
        *most, last = needed
        raise GelugenError(f"key {missing[0]!r} is missing: {what} needs {', '.join(most)} and {last}")
    return fields


def read_text(path: Path) -> str:
    """The text of a file in UTF-8.

    Raises:
        GelugenError: it cannot be read.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is no file")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GelugenError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
