"""The whole path in one call: what is asked for, to a folder of artifacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gelugen.aims import Weights
from gelugen.cores.objective import lacking, least_on_core
from gelugen.emit import emit
from gelugen.objectives import Figures
from gelugen.requests import read_toml
from gelugen.search import Measuring, Tell
from gelugen.spec import Spec, Target
from gelugen.store import write
from gelugen.synthesis.objective import least_luts
from gelugen.units import Request, Unit, build, warnings

DEFAULT_OUTPUT = "rtl_out"
DEFAULT_SET = Path(__file__).with_name("default_set.toml")


@dataclass(frozen=True)
class Prepared:
    """A design or a gated unit with all its files as texts; nothing is on disk yet.

    Attributes:
        figures: what was counted, where the design was chosen by it.
    """

    design: Unit
    target: Target
    files: Mapping[str, str]
    figures: Figures | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is asked for in vain, and what is estimated."""
        found = warnings(self.design.spec)
        if self.figures and self.figures.estimated and (core := Weights.parse(self.figures.objective).core):
            return (*found, f"{self.figures.objective} is estimated: {lacking(core)}")
        return found

    def write(self, out: Path | str = DEFAULT_OUTPUT) -> Generated:
        """Write the folder below ``out``.

        Raises:
            GelugenError: the folder cannot be written.
        """
        return Generated(Path(out) / self.target.name, self.design, write(out, self.target.name, self.files))


@dataclass(frozen=True)
class Generated:
    """What ``generate`` made: the folder, what is in it, and whether anything had to be written."""

    folder: Path
    design: Unit
    outcome: Literal["written", "unchanged"]


def generate(spec: Request, out: Path | str = DEFAULT_OUTPUT, target: Target | None = None) -> Generated:
    """Find what a spec asks for and write its folder below ``out``.

    Raises:
        GelugenError: the guarantee cannot be kept, or the folder cannot be written.
    """
    return prepare(spec, target).write(out)


def prepare(
    spec: Request,
    target: Target | None = None,
    tell: Tell = lambda _: None,
    note: Callable[[str], object] = lambda _: None,
) -> Prepared:
    """Find what a spec asks for and emit its files as texts.

    Args:
        spec: what is asked for.
        target: how it is written; for an objective of lookup tables, the style is chosen where it is plain.
        tell: called before each architecture is searched.
        note: called with what is being measured.

    Raises:
        GelugenError: the guarantee cannot be kept, or Yosys is needed and missing.
    """
    target = target or Target(spec.default_name())
    if isinstance(spec, Spec) and (asked := Weights.parse(spec.objective)).counted:
        least: Measuring = least_luts if asked.luts else least_on_core
        best = least(spec, target, tell, note)
        return Prepared(best.design, best.target, emit(best.design, best.target, best.figures), best.figures)
    unit = build(spec, tell=tell)
    return Prepared(unit, target, emit(unit, target))


def default_set() -> list[tuple[Request, Target]]:
    """The designs that ``gelugen generate`` makes when nothing is asked for."""
    return read_toml(DEFAULT_SET)
