"""Mutants of the Verilog templates, killed by the test benches that stand beside the modules.

A mutant is rendered for those units of a corpus that reach the changed place. All their benches run in one simulation:
first those of a few units, then those of all others.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mutation import PROBE, Mutant, mutants, probed

from gelugen.assets import folder as asset_folder
from gelugen.tools import run

FIRST = 4
"""So many units see a mutant first: most are killed by them."""
PATIENCE = 60.0
"""Seconds after which a simulation has no end."""


class Subject(Protocol):
    """A unit of a corpus: its files, and its module with a changed template."""

    @property
    def files(self) -> Mapping[str, str]:
        """The emitted files, the module among them."""

    def with_template(self, language: str, source: str, inner: str = "", **more: Any) -> str:
        """The module with another text for the template ``inner``, and more for its context."""


Check = Callable[[str, Path], bool]
"""A slower check of a unit whose files are in a folder; called with its name."""


@dataclass(frozen=True)
class Template:
    """A template's mutants, and its places by the units that reach them.

    Attributes:
        name: its path below ``templates``.
        mutants: all of them.
        reached: of every place the units that reach it; none for a place that no unit reaches.
        lines: the places' texts.
    """

    name: str
    mutants: Sequence[Mutant]
    reached: Mapping[int, Sequence[str]]
    lines: Mapping[int, str]

    @classmethod
    def of(cls, name: str, corpus: Mapping[str, Subject]) -> "Template":
        """A template, rendered once for every unit."""
        source = (asset_folder("templates") / name).read_text(encoding="utf-8")
        with_probes, lines = probed(source)
        reached: dict[int, list[str]] = {place: [] for place in lines}
        for unit, subject in corpus.items():
            assert subject.with_template("verilog", source, name) == subject.files[f"{unit}.v"]
            seen: set[int] = set()
            subject.with_template("verilog", with_probes, name, **{PROBE: lambda at, seen=seen: seen.add(at) or ""})
            for place in seen:
                reached[place].append(unit)
        return cls(name, mutants(source, "verilog"), reached, lines)

    @property
    def unreached(self) -> list[str]:
        """The lines that no unit of the corpus reaches."""
        return [self.lines[place] for place, units in self.reached.items() if not units]

    def units(self, mutant: Mutant) -> Sequence[str]:
        """The units that reach a mutant's change."""
        return self.reached[max(place for place in self.reached if place <= mutant.place)]


@dataclass
class Benches:
    """The files of a corpus in a folder, and how changed modules fare there.

    Attributes:
        corpus: the units by their names.
        folder: an empty folder.
        more: further checks, by the names of the units that need them.
        killed: how many mutants the benches have killed, and how many the further checks.
        unchanged: the survivors that change no text.
    """

    corpus: Mapping[str, Subject]
    folder: Path
    more: Mapping[str, Check] = field(default_factory=dict)
    killed: dict[str, int] = field(default_factory=lambda: {"benches": 0, "cocotb": 0})
    unchanged: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name, subject in self.corpus.items():
            for file, text in subject.files.items():
                if not file.endswith((".v", ".mem")):
                    continue
                assert not (self.folder / file).exists()
                (self.folder / file).write_text(stopping(text) if file == f"{name}_tb.v" else text)

    def passes(self, texts: Mapping[str, str]) -> bool:
        """Whether the benches of some units pass with other texts of their modules."""
        changed = self.folder / "changed"
        changed.mkdir(exist_ok=True)
        sources: list[str] = []
        for name, text in texts.items():
            (changed / f"{name}.v").write_text(text)
            apart = (f"{name}.v", f"{name}_axis.v")  # what is changed, and what is not under the bench
            sources += [each for each in self.corpus[name].files if each.endswith(".v") and each not in apart]
            sources.append(f"changed/{name}.v")
        if run(["iverilog", "-g2001", "-o", "benches.vvp", *sources], self.folder).returncode:
            return False
        said = run(["vvp", "-n", "benches.vvp"], self.folder, PATIENCE).stdout.decode()
        return len(re.findall(r"^PASS: ", said, re.MULTILINE)) == len(texts)

    def survivors(self, template: Template, some: Iterable[Mutant]) -> set[str]:
        """The names of the mutants that nothing kills."""
        return {mutant.id for mutant in some if self.survives(template, mutant)}

    def survives(self, template: Template, mutant: Mutant) -> bool:
        """Whether nothing kills a mutant."""
        units = template.units(mutant)
        changed: dict[str, str] = {}
        for some in (units[:FIRST], units[FIRST:]):
            texts = {name: self.corpus[name].with_template("verilog", mutant.source, template.name) for name in some}
            texts = {name: text for name, text in texts.items() if text != self.corpus[name].files[f"{name}.v"]}
            changed |= texts
            if texts and not self.passes(texts):
                self.killed["benches"] += 1
                return False
        for name in sorted(changed.keys() & self.more.keys()):
            place = self.folder / name
            place.mkdir(exist_ok=True)
            for file, text in {**self.corpus[name].files, f"{name}.v": changed[name]}.items():
                (place / file).write_text(text)
            if not self.more[name](name, place):
                self.killed["cocotb"] += 1
                return False
        if not changed:
            self.unchanged.add(mutant.id)
        return True


def stopping(bench: str) -> str:
    """A test bench whose clock stops where it would end the simulation, which others still run in."""
    parts = {
        "$finish;": "stopped = 1'b1;",
        "always #5 clk = ~clk;": "reg stopped = 1'b0;\n    initial while (stopped !== 1'b1) #5 clk = ~clk;",
    }
    for old, new in parts.items():
        assert bench.count(old) == 1
        bench = bench.replace(old, new)
    return bench
