"""A corpus of small gated units, and mutants of the two templates that write their products.

What all modules share is mutated with the designs, see ``test_verilog_mutations.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mutation import Mutant, mutant_environment, mutants, mutated

from gelugen.assets import folder as asset_folder
from gelugen.emit import emit, verilog
from gelugen.emit.c import header
from gelugen.gated import Gated
from gelugen.gated_spec import GatedSpec
from gelugen.spec import Target
from gelugen.units import build
from gelugen.verify.c import sweep_c
from gelugen.verify.icarus import run_own_bench

TEMPLATES = {"c": "c/product.j2", "verilog": "verilog/gated.v.j2"}
OUTER = {"c": "c/header.h.j2", "verilog": "verilog/gated.v.j2"}
SUFFIX = {"c": "h", "verilog": "v"}

FORMATS = {
    "affine": (
        "int5:scale=0.25,zero_point=2",
        "int5:scale=0.2,zero_point=-9",
        "int5:scale=0.3,zero_point=-3",
        "int6:scale=0.4,zero_point=5",
    ),
    "power_of_two": ("q2.2", "q2.2", "q2.2", "q3.2"),
    "no_shift": ("q2.2", "int5:scale=1", "int4:scale=1,zero_point=1", "int8:scale=0.25"),
    "odd_without_shift": ("q2.2", "int5:scale=1", "int4:scale=1", "int10:scale=0.2"),
    "never_negative": ("uq2.2", "uq2.2", "uint5:scale=0.3", "uint6:scale=0.7"),
    "no_clamp": ("q2.2", "q2.2", "q2.2", "int8:scale=0.3"),
    "clamp_low": ("q2.2", "q2.2", "q2.2", "int6:scale=0.7,zero_point=-20"),
    "clamp_high": ("q2.2", "q2.2", "q2.2", "uint7:scale=0.3,zero_point=90"),
    "offset_binary": (
        "uint5:scale=0.25,zero_point=18",
        "uint5:scale=0.2,zero_point=4",
        "uint4:scale=0.3,zero_point=7",
        "uint6:scale=0.4,zero_point=20",
    ),
    "vanishing": ("q2.2", "q2.2", "q2.2", "int4:scale=64"),
    "vanishing_unsigned": ("uq2.2", "uq2.2", "uint5:scale=0.3", "uint6:scale=500"),
    "coarse": ("q2.2", "q2.2", "q2.2", "int4:scale=16"),
    "lowest_zero_points": (
        "q2.2",
        "int5:scale=0.25,zero_point=-16",
        "int5:scale=0.25,zero_point=-16",
        "int5:scale=4,zero_point=-16",
    ),
    "highest_zero_points": (
        "q2.2",
        "int5:scale=0.25,zero_point=15",
        "int5:scale=0.25,zero_point=15",
        "int5:scale=4,zero_point=15",
    ),
    "wide": ("q2.2", "q2.2", "int5:scale=0.3", "int16:scale=0.00123,zero_point=77"),
}


TARGETS: dict[str, dict[str, Any]] = {
    "affine_of_three_lanes": {"lanes": 3},
    "affine_combinational": {"pipeline": 0},
    "affine_of_one_register": {"pipeline": 1, "stream": True},
    "affine_of_four_registers": {"pipeline": 4, "lanes": 2},
    "clamp_low_combinational": {"pipeline": 0},
    "clamp_high_combinational": {"pipeline": 0},
    "no_clamp_combinational": {"pipeline": 0},
    "power_of_two_of_one_register": {"pipeline": 1},
}
"""Units that are written otherwise, by a name that begins with that of their formats."""
CORPUS = {name: name for name in FORMATS} | {
    name: next(each for each in FORMATS if name.startswith(f"{each}_")) for name in TARGETS
}
"""The formats of every unit."""


def unit(name: str) -> Gated:
    """A unit whose activation is one table."""
    return build(GatedSpec("gelu", *FORMATS[name], architecture="table"))


@dataclass(frozen=True)
class Rendered:
    """A unit's files, and what the templates were given."""

    gated: Gated
    name: str
    files: Mapping[str, str]
    contexts: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, name: str) -> "Rendered":
        contexts: dict[str, Mapping[str, Any]] = {}

        def render(template: str, **context: Any) -> str:
            contexts[template] = context
            return str(mutant_environment().get_template(template).render(context))

        with pytest.MonkeyPatch.context() as patch:
            for emitter in (header, verilog):
                patch.setattr(emitter, "render", render)
            gated = unit(CORPUS[name])
            return cls(gated, name, emit(gated, Target(name, **TARGETS.get(name, {}))), contexts)

    def with_template(self, language: str, source: str, inner: str = "", **more: Any) -> str:
        """The text of the header or the module with another inner template, and more for its context."""
        outer = OUTER[language]
        return str(mutated(outer, inner or TEMPLATES[language], source).render({**self.contexts[outer], **more}))

    def passes(self, language: str, text: str, folder: Path) -> bool:
        """Whether the files with another text pass the tools."""
        folder.mkdir(exist_ok=True)
        for name, each in {**self.files, f"{self.name}.{SUFFIX[language]}": text}.items():
            (folder / name).write_text(each)
        if language == "verilog":
            return run_own_bench("Icarus", folder, self.name, self.gated).status == "pass"
        flags = ["-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
        return sweep_c("gcc", "gcc", flags, folder, self.name, self.gated).status == "pass"


def template(language: str) -> str:
    return (asset_folder("templates") / TEMPLATES[language]).read_text(encoding="utf-8")


def all_mutants(language: str) -> list[Mutant]:
    return mutants(template(language), language)


def survivors(found: list[Mutant], language: str, corpus: Mapping[str, Rendered], folder: Path) -> set[str]:
    """The names of the mutants that no tool notices with any unit of the corpus."""
    alive = set()
    for mutant in found:
        texts = {name: each.with_template(language, mutant.source) for name, each in corpus.items()}
        changed = {
            name: text for name, text in texts.items() if text != corpus[name].files[f"{name}.{SUFFIX[language]}"]
        }
        if all(corpus[name].passes(language, text, folder / name) for name, text in changed.items()):
            alive.add(mutant.id)
    return alive


_AT_ZERO = "at p = 0, the only product that goes the other way, both ways give 0"
_AT_BOUND = "at the bound, the only value that goes the other way, both ways give the bound"
_CONVERTED = "C converts to the same value without the cast"

SURVIVORS = {
    "c": {
        "const {{ int }} a = [drop ({{ int }})]{{ function.name }}(ga...": _CONVERTED,
        "const {{ int }} b = [drop ({{ int }})]up{{ -unit.spec.up.zer...": _CONVERTED,
        "...{ unsigned }} m = ({{ unsigned }})(p [< -> <=] 0 ? -p : p);": _AT_ZERO,
        "...unsigned }} m = ({{ unsigned }})(p < [0 -> 1] ? -p : p);": _AT_ZERO,
        "y = p [< -> <=] 0 ? -y : y;": _AT_ZERO,
        "y = p < [0 -> 1] ? -y : y;": _AT_ZERO,
        "y = y [< -> <=] {{ unit.output.code_m...": _AT_BOUND,
        "y = y < {{ unit.output.code_min | [one more: ]dec }} ? {{ unit.outpu...": _AT_BOUND,
        "y = y [> -> >=] {{ unit.output.code_m...": _AT_BOUND,
        "y = y > {{ unit.output.code_max | [one less: ]dec }} ? {{ unit.outpu...": _AT_BOUND,
    },
}
"""What no tool notices, and why it computes the same."""
