"""Do the checks of the stream wrapper check? Every operator and constant of its template is changed.

``mutation.py`` makes the mutants. Each is written for small units that reach every place of the template, and must be
noticed by Icarus' warnings, by the simulation of streams or by the proof. What survives stands in ``SURVIVORS``.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import tally
from mutation import Mutant, mutated
from mutation_corpus import drawn, form, made
from stream_units import NAME, Case
from verilog_mutation import Template

from gelugen.design import Term, Uniform
from gelugen.emit import emit, latency, stream, writing
from gelugen.emit.rendering import environment
from gelugen.emit.stream import buses
from gelugen.spec import Target
from gelugen.tools import run
from gelugen.units import Unit
from gelugen.verify.bench import modules
from gelugen.verify.formal import check_formal
from gelugen.verify.stream import sweep_stream

pytestmark = [pytest.mark.needs("icarus"), pytest.mark.needs("yosys", "z3")]

TEMPLATE = "verilog/axis.v.j2"
SAMPLE = 40
"""One mutant in so many is tried in the fast suite."""


@dataclass(frozen=True)
class Wrapped:
    """A unit with its wrapper, and what the template was given.

    Attributes:
        unit: what the module computes.
        lanes, latency: as ``sweep_stream`` takes them.
        inside: the files of the module.
        files: the wrapper alone, under the name that ``Template`` asks for.
        context: of the template.
    """

    unit: Unit
    lanes: int
    latency: int
    inside: Mapping[str, str]
    files: Mapping[str, str]
    context: Mapping[str, Any]

    @classmethod
    def of(cls, name: str) -> "Wrapped":
        """A unit of the corpus."""
        given: dict[str, Any] = {}

        def render(template: str, **context: Any) -> str:
            given.update(context)
            return environment().get_template(template).render(context)

        one = CORPUS[name]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stream, "render", render)
            if isinstance(one, Case):
                inside, text = {f"{NAME}.v": one.core()}, one.wrapper()
                return cls(one.unit, one.lanes, one.latency, inside, {f"{name}.v": text}, given)
            design, written = one
            patch.setattr(writing, "LARGEST_SOURCE", 1)
            target = Target(NAME, stream=True, **written)
            inside = emit(design, target)
            text = inside.pop(f"{NAME}_axis.v")
        return cls(design, target.lanes, latency(design, target) + 1, inside, {f"{name}.v": text}, given)

    def with_template(self, language: str, source: str, inner: str = "", **more: Any) -> str:
        """The wrapper with another text of its template, and more for its context."""
        del language
        return str(mutated(TEMPLATE, inner, source).render({**self.context, **more}))

    def around(self) -> str:
        """A module that holds the wrapper by signals of the right widths: Icarus warns of any other."""
        written = {each.name: each.bits for each in self.context["write"] or ()}
        source, sink = buses(self.unit, self.lanes)
        widths = {"aclk": 1, "aresetn": 1, **({"wr_en": 1, **written} if written else {})}
        for side, bus in (("s_axis", source), ("m_axis", sink)):
            widths[f"{side}_tdata"] = bus.width
            widths |= dict.fromkeys((f"{side}_{each}" for each in ("tvalid", "tready", "tlast", "tuser")), 1)
        wires = "".join(f"    wire [{width - 1}:0] {name};\n" for name, width in widths.items())
        ports = ", ".join(f".{name}({name})" for name in widths)
        return f"module around;\n{wires}    {NAME}_axis dut ({ports});\nendmodule\n"

    def notices(self, wrapper: str, folder: Path) -> str:
        """What notices that a wrapper is wrong; empty if nothing does."""
        folder.mkdir(exist_ok=True)
        for file, text in {**self.inside, f"{NAME}_axis.v": wrapper, "around.v": self.around()}.items():
            (folder / file).write_text(text)
        words = ["iverilog", "-g2001", "-Wall", "-o", "axis.vvp", "around.v", f"{NAME}_axis.v", *modules(folder, NAME)]
        built = run(words, folder)
        if built.returncode or built.stderr:
            return "Icarus"
        if sweep_stream("Icarus", folder, NAME, self.unit, self.latency, self.lanes).status != "pass":
            return "simulation"
        return "" if check_formal(folder, NAME, self.unit)[0].status == "pass" else "proof"


PLAIN = made(form(4), form(5), Term(Uniform(0), (drawn(500, 5, True, 16),)))
TWO = made(
    *(form(4), form(5)),
    Term(Uniform(0), (drawn(501, 4, True, 16),)),
    Term(Uniform(1), (drawn(502, 3, False, 8),)),
)

CORPUS = {
    "shallow": Case("narrow", 0),
    "one": Case("narrow", 1),
    "wide": Case("wide", 3, 2),
    "gated": Case("gated", 2),
    "written": (PLAIN, {"writable": True}),
    "in_memory": (TWO, {"lanes": 2}),
}


@pytest.fixture(scope="module")
def corpus() -> dict[str, Wrapped]:
    return {name: Wrapped.of(name) for name in CORPUS}


@pytest.fixture(scope="module")
def template(corpus: Mapping[str, Wrapped]) -> Template:
    return Template.of(TEMPLATE, corpus)


def killer(template: Template, mutant: Mutant, corpus: Mapping[str, Wrapped], folder: Path) -> str:
    """What notices a mutant; empty if nothing does."""
    for name in template.units(mutant):
        text = corpus[name].with_template("verilog", mutant.source, TEMPLATE)
        if text != corpus[name].files[f"{name}.v"] and (found := corpus[name].notices(text, folder / name)):
            return found
    return ""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "written" else pytest.mark.slow) for name in CORPUS]
)
def test_every_unit_passes(corpus: Mapping[str, Wrapped], name: str, tmp_path: Path) -> None:
    assert not corpus[name].notices(corpus[name].files[f"{name}.v"], tmp_path)


_ON_TOP = "more bits on top, which are 0 and which nothing reads"
_TAKEN_OFF = "more bits on top, which the assignment takes off again"
_UNREAD = "only names bits that nothing needs, for linters"

SURVIVORS = {
    "wire [CODES+SIDE[- -> +]1:0] arriving = {s_axi...": _ON_TOP,
    "reg [CODES+SIDE[- -> +]1:0] entry, spare;": _ON_TOP,
    "wire [{{ padding.top | [one more: ]dec }}:0] unused_paddi...": _UNREAD,
    "wire [{{ padding.top | [one less: ]dec }}:0] unused_paddi...": _UNREAD,
    "wire [{{ padding.top | dec }}:[0 -> 1]] unused_padding = {{ ...": _UNREAD,
    "reg [(LATENCY[- -> +]1)*SIDE-1:0] beside;": _TAKEN_OFF,
    "reg [(LATENCY-1)*SIDE[- -> +]1:0] beside;": _TAKEN_OFF,
    "beside <= sides[(LATENCY-1)*SIDE[- -> +]1:0];": _TAKEN_OFF,
    "wire [LATENCY*SIDE[- -> +]1:0] sides = {beside, ...": _ON_TOP,
    "wire [LATENCY[* -> +]SIDE-1:0] sides = entr...": f"{_ON_TOP}: LATENCY is 1",
    "wire [LATENCY*SIDE[- -> +]1:0] sides = entry[COD...": _ON_TOP,
}
"""What nothing notices, and why it does the same."""


def test_the_corpus_reaches_every_place_and_no_two_mutants_share_a_name(template: Template) -> None:
    assert template.unreached == []
    names = {mutant.id for mutant in template.mutants}
    assert len(names) == len(template.mutants) > 50
    assert set(SURVIVORS) <= names


def test_a_sample_of_mutants_is_noticed(corpus: Mapping[str, Wrapped], template: Template, tmp_path: Path) -> None:
    sample = [each for each in template.mutants if not zlib.crc32(each.id.encode()) % SAMPLE]
    assert sample
    alive = {each.id for each in sample if not killer(template, each, corpus, tmp_path)}
    assert alive == {each.id for each in sample} & set(SURVIVORS)


@pytest.mark.slow
def test_every_mutant_is_noticed_but_for_the_known_survivors(
    corpus: Mapping[str, Wrapped], template: Template, tmp_path: Path
) -> None:
    killers = {each.id: killer(template, each, corpus, tmp_path) for each in template.mutants}
    alive = {name for name, by in killers.items() if not by}
    by = ", ".join(f"{[*killers.values()].count(who)} by {who}" for who in ("Icarus", "simulation", "proof"))
    tally(f"{TEMPLATE}: {len(killers)} mutants, {len(killers) - len(alive)} killed ({by}), {len(alive)} survive")
    assert alive == set(SURVIVORS)
