"""The whole path in one call: a Spec to a folder of artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gelugen.design import Design
from gelugen.emit import emit
from gelugen.search import Tell, build
from gelugen.spec import Spec, Target, read_toml
from gelugen.store import write

DEFAULT_OUTPUT = "rtl_out"
DEFAULT_SET = Path(__file__).with_name("default_set.toml")


@dataclass(frozen=True)
class Prepared:
    """A design with all its files as texts; nothing is on disk yet."""

    design: Design
    target: Target
    files: Mapping[str, str]

    def write(self, out: Path | str = DEFAULT_OUTPUT) -> Generated:
        """Write the folder below ``out``.

        Raises:
            GelugenError: the folder cannot be written.
        """
        return Generated(Path(out) / self.target.name, self.design, write(out, self.target.name, self.files))


@dataclass(frozen=True)
class Generated:
    """What ``generate`` made: the folder, the design in it, and whether anything had to be written."""

    folder: Path
    design: Design
    outcome: Literal["written", "unchanged"]


def generate(spec: Spec, out: Path | str = DEFAULT_OUTPUT, target: Target | None = None) -> Generated:
    """Find the design of a spec and write its folder below ``out``.

    Raises:
        GelugenError: the guarantee cannot be kept, or the folder cannot be written.
    """
    return prepare(spec, target).write(out)


def prepare(
    spec: Spec,
    target: Target | None = None,
    tell: Tell = lambda _: None,
) -> Prepared:
    """Find the design of a spec and emit its files as texts; ``tell`` is called before each architecture is searched.

    Raises:
        GelugenError: the guarantee cannot be kept.
    """
    target = target or Target(spec.default_name())
    design = build(spec, tell=tell)
    return Prepared(design, target, emit(design, target))


def default_set() -> list[tuple[Spec, Target]]:
    """The designs that ``gelugen generate`` makes when nothing is asked for."""
    return read_toml(DEFAULT_SET)
