"""How a design is written: any target of any unit gives a module that passes its bench and that no linter warns of."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from designs import ANY, designs
from hypothesis import given, settings
from hypothesis import strategies as st
from test_emit import lint

from gelugen import schedule
from gelugen.cli import main
from gelugen.design import Coefficient, Design, Term, Uniform
from gelugen.emit import MANIFEST, emit, latency
from gelugen.emit.halves import top
from gelugen.emit.signals import Constant, signed, unsigned
from gelugen.errors import GelugenError
from gelugen.gated import Gated
from gelugen.gated_spec import GatedSpec
from gelugen.pipeline import Range, levels
from gelugen.requests import from_toml, to_toml
from gelugen.search import build
from gelugen.spec import Spec, Target, command
from gelugen.synthesis.measuring import measure
from gelugen.target import HEADERS, STYLES
from gelugen.units import build as build_unit
from gelugen.verify.bench import sweep_images
from gelugen.verify.icarus import run_own_bench


def deepest(unit: Design | Gated, writable: bool = False) -> int:
    """The most registers that a unit takes."""
    if isinstance(unit, Design):
        return schedule.deepest(levels(unit, writable))
    own = ["product", "multiplier", "round"] if unit.multiplies else ["product", "round"]
    return schedule.deepest([*levels(unit.design), *(schedule.Level(name, 1.0) for name in own)])


@st.composite
def targets(draw: st.DrawFn, unit: Design | Gated) -> Target:
    """Whatever a unit can be written as."""
    design = unit.design if isinstance(unit, Gated) else unit
    words = any(term.width for term in design.terms)
    writable = words and isinstance(unit, Design) and draw(st.booleans())
    rom = draw(st.sampled_from(["auto", "logic", *(["block"] if words else [])]))
    least = int(writable or rom == "block")
    return Target(
        "drawn",
        pipeline=draw(st.none() | st.integers(least, deepest(unit, writable))),
        lanes=draw(st.integers(1, 4)),
        stream=draw(st.booleans()),
        rom=rom,
        writable=writable,
        memory=tuple(draw(st.lists(st.sampled_from(["hex", "coe", "mif"]), unique=True))),
        style=draw(st.sampled_from(STYLES)),
        header=draw(st.sampled_from(HEADERS)),
    )


FITTED = {
    name: Spec("gelu", "q2.4", "q2.4", "ulp:2", architecture=name)
    for name in ("table", "residual-table", "uniform-linear", "residual-uniform-quadratic", "sum-of-tables")
}
GATED = [
    ("q2.2", "q2.2", "q2.2", "q3.2"),
    ("int5:scale=0.25,zero_point=2", "int5:scale=0.2,zero_point=-9", "uint5:scale=0.3", "int6:scale=0.4,zero_point=5"),
]


def check(folder: Path, unit: Design | Gated, target: Target, image: bool = False) -> None:
    """The module's bench passes, its words can be rewritten, its latency is told alike, and no linter warns."""
    files = emit(unit, target)
    for name, text in files.items():
        (folder / name).write_text(text)
    verdict = run_own_bench("Icarus", folder, target.name, unit)
    assert (verdict.status, verdict.checked) == ("pass", verdict.codes), (target, verdict)
    assert lint(folder, target.name) == "", target
    if image:
        verdicts = sweep_images("Icarus", folder, target.name, unit, target=target)
        assert len(verdicts) == 1 + target.writable
        assert {each.status for each in verdicts} == {"pass"}, (target, verdicts)
    tell_alike(files, unit, target)
    assert files == emit(unit, target)


def tell_alike(files: Mapping[str, str], unit: Design | Gated, target: Target) -> None:
    """The manifest, the header and the localparam have one latency."""
    clocks = latency(unit, target)
    module = files[f"{target.name}.v"]
    assert json.loads(files[MANIFEST])["latency"] == clocks
    assert (f"localparam LATENCY = {clocks};" in module) == (clocks > 0)
    told = f"{clocks} clock{'' if clocks == 1 else 's'}, " if clocks else "none: combinational"
    assert re.search(rf"latency +{told}", module.partition("`default_nettype")[0])
    assert (" clk," in module) == (" rst," in module) == (clocks > 0)
    assert ("input  wire en," in module) == (target.stream and clocks > 0)
    if target.pipeline is not None:
        assert clocks == target.pipeline


@pytest.mark.needs("icarus", "verilator")
@settings(max_examples=12)
@given(data=st.data())
def test_any_design_is_written_as_any_target_says(data: st.DataObject, tmp_path_factory: Any) -> None:
    design = data.draw(designs())
    check(tmp_path_factory.mktemp("target"), design, data.draw(targets(design)))


@pytest.mark.slow
@pytest.mark.needs("icarus", "verilator")
@settings(max_examples=150)
@given(data=st.data())
def test_many_designs_are_written_as_any_target_says(data: st.DataObject, tmp_path_factory: Any) -> None:
    design = data.draw(designs())
    check(tmp_path_factory.mktemp("target"), design, data.draw(targets(design)), image=True)


@pytest.mark.slow
@pytest.mark.needs("icarus", "verilator")
@pytest.mark.parametrize("name", FITTED)
@settings(max_examples=12)
@given(data=st.data())
def test_a_fitted_design_is_written_as_any_target_says(name: str, data: st.DataObject, tmp_path_factory: Any) -> None:
    design = build(FITTED[name])
    check(tmp_path_factory.mktemp("target"), design, data.draw(targets(design)), image=True)


@pytest.mark.needs("icarus", "verilator")
@settings(max_examples=4)
@given(data=st.data())
def test_a_gated_unit_is_written_as_any_target_says(data: st.DataObject, tmp_path_factory: Any) -> None:
    unit = build_unit(GatedSpec("gelu", *data.draw(st.sampled_from(GATED)), guarantee="ulp:2", architecture="table"))
    check(tmp_path_factory.mktemp("target"), unit, data.draw(targets(unit)))


@pytest.mark.slow
@pytest.mark.needs("icarus", "verilator")
@pytest.mark.parametrize("architecture", ["table", "residual-table", "uniform-linear"])
@settings(max_examples=15)
@given(data=st.data())
def test_a_gated_unit_of_any_activation_is_written_as_any_target_says(
    architecture: str, data: st.DataObject, tmp_path_factory: Any
) -> None:
    formats = data.draw(st.sampled_from(GATED[:1] if architecture == "residual-table" else GATED))
    unit = build_unit(GatedSpec("gelu", *formats, guarantee="ulp:3", architecture=architecture))
    check(tmp_path_factory.mktemp("target"), unit, data.draw(targets(unit)), image=True)


@settings(max_examples=20)
@given(data=st.data())
def test_every_depth_that_is_possible_is_the_latency(data: st.DataObject) -> None:
    design = data.draw(designs())
    for depth in range(deepest(design) + 1):
        target = Target("deep", pipeline=depth)
        tell_alike(emit(design, target), design, target)


# Sums of one to five addends: constants and biases, unsigned words, dropped zeros on both sides of the middle.
CODES = Spec("gelu", "int6:scale=1", "int9:scale=1", ANY)
WORDS = [
    Term(Uniform(0), (Coefficient(tuple((37 * u * u + 11 * u) % 256 for u in range(64)), 8, False),)),
    Term(Uniform(1), (Coefficient(tuple((29 * u * u - 5 * u) % 32 - 16 for u in range(32)), 5, True, 3),)),
    Term(Uniform(2), (Coefficient(tuple((7 * u) % 4 for u in range(16)), 2, False, 6),)),
    Term(Uniform(1), (Coefficient(tuple((7 * u * u) % 64 - 32 for u in range(32)), 6, True),)),
    Term(Uniform(5), (Coefficient((0,), 0, False, 1, -77),)),
]
SUMS = {
    "one addend and a bias": Design(CODES, "table", "none", tuple(WORDS[:1]), bias=-300),
    "one addend": Design(CODES, "table", "odd", tuple(WORDS[:1]), shift=1),
    "two addends": Design(CODES, "table", "none", tuple(WORDS[:2]), shift=2),
    "two addends and a bias": Design(CODES, "table", "residual", tuple(WORDS[1:3]), bias=45),
    "five addends": Design(CODES, "table", "complement", tuple(WORDS), bias=-3, shift=1, one=100),
    "far apart": Design(
        CODES,
        "table",
        "none",
        (
            Term(Uniform(0), (Coefficient(tuple(range(64)), 6, False),)),
            Term(Uniform(4), (Coefficient((-9, 3, 0, 7), 5, True, 12),)),
        ),
        shift=10,
    ),
}


@pytest.mark.needs("icarus", "verilator")
@pytest.mark.parametrize("name", SUMS)
def test_sums_in_two_stages_give_the_same_codes(name: str, tmp_path: Path) -> None:
    design = SUMS[name]
    whole, most = len(schedule.places(levels(design))), schedule.deepest(levels(design))
    assert (most > whole) == ("low sum" in (level.name for level in schedule.halves(levels(design))))
    for depth in range(whole + 1, most + 1):
        folder = tmp_path / f"{depth}"
        folder.mkdir()
        check(folder, design, Target("halved", pipeline=depth))
        text = (folder / "halved.v").read_text()
        assert len(re.findall(r"\^ \d+'h[0-9a-f]*;", text)) >= depth - whole


@pytest.mark.needs("icarus", "verilator")
def test_a_sum_in_two_stages_has_lanes_an_enable_and_a_write_port(tmp_path: Path) -> None:
    design = SUMS["five addends"]
    most = schedule.deepest(levels(design, writable=True))
    target = Target("halved", pipeline=most, lanes=2, stream=True, rom="block", writable=True)
    check(tmp_path, design, target, image=True)


@pytest.mark.needs("icarus", "verilator")
def test_the_activation_of_a_gated_unit_has_sums_in_two_stages(tmp_path: Path) -> None:
    unit = build_unit(GatedSpec("gelu", *GATED[1], guarantee="ulp:3", architecture="uniform-constant"))
    check(tmp_path, unit, Target("halved", pipeline=deepest(unit)))
    assert "low bits of a sum" in (tmp_path / "halved_act.v").read_text()


def test_what_of_an_addend_is_above_the_middle() -> None:
    short, long, constant = unsigned("h_1", 3), signed("t0_c0_2", Range(-100, 99)), Constant.of(-5)
    assert top((short, 1), 4) == (Constant.of(0), 0)
    assert [top((short, 1), middle)[0].name for middle in (3, 2, 1)] == ["h_1[2:2]", "h_1[2:1]", "h_1"]
    assert [top((long, 1), middle)[0].name for middle in (20, 8, 4)] == ["t0_c0_2[7:7]", "t0_c0_2[7:7]", "t0_c0_2[7:3]"]
    assert top((long, 6), 4) == (long, 2)
    assert top((constant, 3), 2) == (Constant.of(-10), 0)


# -- refusals --------------------------------------------------------------------------------------------------

RELU = Design(Spec("gelu", "int8:scale=1", "int8:scale=1", ANY), "residual-table", "residual", ())
LINE = Design(
    Spec("gelu", "q3.4", "q3.4", ANY),
    "table",
    "residual",
    (Term(Uniform(4), (Coefficient((1, 2, 3), 4, False), Coefficient((1, -2, 3), 4, True))),),
)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"pipeline": -1}, r"pipeline -1 is out of range: it must be 0 \(combinational\) to 64 registers"),
        ({"pipeline": 65}, r"pipeline 65 is out of range: .*"),
        ({"lanes": 0}, "lanes 0 is out of range: it must be 1 to 64 samples a clock"),
        ({"lanes": 65}, "lanes 65 is out of range: .*"),
        ({"rom": "flash"}, "rom 'flash' is not known: it must be one of auto, logic, block"),
        ({"header": "both"}, "header 'both' is not known: it must be one of auto, single, split"),
        ({"style": "asic"}, "style 'asic' is not known: it must be one of plain, xc7, ice40"),
        ({"memory": ("mem", "elf")}, "memory 'mem' is not known: it must be of hex, coe, mif"),
        ({"rom": "block", "pipeline": 0}, "rom block is not possible with pipeline 0: .*"),
        ({"writable": True, "pipeline": 0}, "writable is not possible with pipeline 0: .*"),
    ],
)
def test_a_target_that_cannot_be_is_refused_in_a_sentence(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(GelugenError, match=f"^{sentence}$"):
        Target("wrong", **fields)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"pipeline": "many"}, "pipeline 'many' must be a whole number"),
        ({"pipeline": "-1"}, "pipeline '-1' must be a whole number"),
        ({"lanes": 2.0}, "lanes '2.0' must be a whole number"),
        ({"lanes": True}, "lanes 'True' must be a whole number"),
        ({"stream": "yes"}, "stream 'yes' must be true or false"),
        ({"writable": "maybe"}, "writable 'maybe' must be true or false"),
        ({"memory": "coe,"}, "memory '' is not known: .*"),
    ],
)
def test_a_malformed_field_is_refused_in_a_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(GelugenError, match=f"^{sentence}$"):
        Target.parse("wrong", given)


def test_what_a_design_cannot_have_is_refused_in_a_sentence() -> None:
    most = deepest(LINE)
    emit(LINE, Target("deep", pipeline=most))
    gated = build_unit(GatedSpec("gelu", *GATED[0], guarantee="ulp:2", architecture="table"))
    emit(gated, Target("deep", pipeline=deepest(gated)))
    for unit, fields, sentence in (
        (LINE, {"pipeline": most + 1}, rf"pipeline {most + 1} is not possible: .* 0 \(combinational\) to {most} reg.*"),
        (gated, {"pipeline": deepest(gated) + 1}, rf"pipeline \d+ is not possible: .* to {deepest(gated)} registers"),
        (RELU, {"rom": "block"}, "rom block is asked for, and this design stores no word: leave it out"),
        (RELU, {"writable": True}, "writable is asked for, and this design stores no word: leave it out"),
        (gated, {"writable": True}, "writable is not possible for a gated unit: .*"),
    ):
        with pytest.raises(GelugenError, match=f"^{sentence}$"):
            emit(unit, Target("wrong", **fields))  # type: ignore[arg-type]


# -- one target, however it is given -----------------------------------------------------------------------------

ANY_TARGET = st.builds(
    Target,
    st.just("any_target"),
    pipeline=st.none() | st.integers(0, 64),
    lanes=st.integers(1, 64),
    stream=st.booleans(),
    rom=st.sampled_from(["auto", "logic"]),
    writable=st.just(False),
    memory=st.lists(st.sampled_from(["hex", "coe", "mif"]), unique=True).map(tuple),
) | st.builds(Target, st.just("any_target"), pipeline=st.integers(1, 9), rom=st.just("block"), writable=st.booleans())
SPEC = Spec("gelu", "q3.4", "q3.4")


@given(ANY_TARGET)
def test_fields_toml_and_the_command_give_the_target_back(target: Target) -> None:
    fields = target.fields()
    assert Target.parse(target.name, fields) == target
    assert set(fields) == {
        key for key in Target.__dataclass_fields__ if getattr(target, key) != getattr(Target(target.name), key)
    }
    assert from_toml(to_toml({target.name: SPEC}, fields), "x.toml") == [(SPEC, target)]
    words = shlex.split(command(SPEC, target))[2:]
    given = dict(zip(words[::2], words[1::2], strict=False)) if "--stream" not in words else None
    if given is not None and "--writable" not in words:
        assert {key: given[f"--{key}"] for key in fields} == fields
    for key, value in fields.items():
        assert f"--{key}" in words
        assert value == "true" or words[words.index(f"--{key}") + 1] == value


def test_flags_toml_and_the_command_write_the_same_bytes(tmp_path: Path) -> None:
    request = ["--function", "gelu", "--input", "q2.3", "--output", "q2.3", "--architecture", "uniform-linear"]
    flags = ["--pipeline", "2", "--lanes", "3", "--stream", "--rom", "block", "--writable", "--memory", "coe,mif"]
    assert main(["generate", *request, *flags, "--name", "one", "-o", str(tmp_path / "a")]) == 0
    (tmp_path / "x.toml").write_text(
        '[design.one]\nfunction = "gelu"\ninput = "q2.3"\noutput = "q2.3"\narchitecture = "uniform-linear"\n'
        'pipeline = 2\nlanes = 3\nstream = true\nrom = "block"\nwritable = true\nmemory = ["coe", "mif"]\n'
    )
    assert main(["generate", str(tmp_path / "x.toml"), "-o", str(tmp_path / "b")]) == 0
    manifest = json.loads((tmp_path / "a" / "one" / MANIFEST).read_text())
    assert manifest["target"] == {
        "pipeline": "2",
        "lanes": "3",
        "stream": "true",
        "rom": "block",
        "writable": "true",
        "memory": "coe,mif",
    }
    assert main([*shlex.split(manifest["command"])[1:], "-o", str(tmp_path / "c")]) == 0
    names = {path.name for path in (tmp_path / "a" / "one").iterdir()}
    assert {"one.coe", "one.mif", "one.mem", "one_axis.v"} <= names
    for name in names:
        text = (tmp_path / "a" / "one" / name).read_bytes()
        for other in "bc":
            assert (tmp_path / other / "one" / name).read_bytes() == text, name


# -- where tables go -----------------------------------------------------------------------------------------------


def table(bits: int, width: int) -> Design:
    """A plain table of so many codes, which look like noise."""
    values = tuple((number * 2654435761 >> 7) % (1 << width) for number in range(1 << bits))
    spec = Spec("gelu", f"uint{bits}:scale=1", f"uint{width}:scale=1", ANY)
    return Design(spec, "table", "none", (Term(Uniform(0), (Coefficient(values, width, False),)),))


@pytest.mark.needs("yosys")
def test_the_attribute_puts_a_small_table_in_block_ram_or_in_logic() -> None:
    used = {}
    for rom in ("block", "logic"):
        files = emit(table(6, 6), Target("little", rom=rom))
        used[rom] = measure(files, "little", "ice40", brams=True, dsps=True)
    assert (used["block"].block_rams, used["block"].luts < 8) == (1, True)
    assert (used["logic"].block_rams, used["logic"].luts > 16) == (0, True)


@pytest.mark.slow
@pytest.mark.needs("yosys")
@pytest.mark.parametrize("rom", ["block", "auto"])
def test_two_lanes_share_one_memory(rom: str) -> None:
    """The two ports of a block RAM are the two lanes'; three lanes take one more."""
    design = table(11, 9)
    used = [
        measure(emit(design, Target("beside", lanes=lanes, rom=rom)), "beside", "ecp5", brams=True, dsps=True)
        for lanes in (1, 2, 3)
    ]
    assert used[0].block_rams > 0
    assert [each.block_rams / used[0].block_rams for each in used] == ([1, 1, 2] if rom == "block" else [1, 2, 3])


@pytest.mark.needs("icarus")
def test_a_flipped_word_of_either_lane_s_memory_is_seen(tmp_path: Path) -> None:
    design, target = table(5, 5), Target("pairs", lanes=3, rom="block")
    files = emit(design, target)
    module = files["pairs.v"]
    assert module.count("reg [4:0] rom [0:31];") == 1
    (at,) = re.finditer(r"rom\[7\] = 5'h([0-9a-f]+);", module)
    flipped = f"rom[7] = 5'h{int(at[1], 16) ^ 1:02x};"
    for name, text in {**files, "pairs.v": module.replace(at[0], flipped)}.items():
        (tmp_path / name).write_text(text)
    verdict = run_own_bench("Icarus", tmp_path, "pairs", design)
    assert (verdict.status, verdict.mismatches) == ("fail", 1)


def test_a_design_s_own_numbers_do_not_depend_on_how_it_is_written() -> None:
    plain, other = (emit(LINE, Target("same", **more)) for more in ({}, {"pipeline": 1, "lanes": 2, "stream": True}))  # type: ignore[arg-type]
    one, two = (json.loads(files[MANIFEST]) for files in (plain, other))
    for key in ("design", "accuracy", "rom_bits", "formats"):
        assert one[key] == two[key]
    assert plain["same_expected.mem"] == other["same_expected.mem"]
    assert replace(Target("same"), lanes=2).fields() == {"lanes": "2"}
    assert one["spec_sha256"] != two["spec_sha256"]
