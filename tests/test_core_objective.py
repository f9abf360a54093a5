"""The objectives of a core: read, estimated, measured, and limited by a budget."""

import contextlib
import json
import re
import shlex
import shutil
from dataclasses import replace
from fractions import Fraction

import pytest

from gelugen import store
from gelugen.aims import CORE_NAMES, UNCOUNTED, OnCore, Weights
from gelugen.cli import main
from gelugen.cores import CORES, Sizes, array_function, count, near, objective, sizes
from gelugen.cores.estimate import estimate
from gelugen.cores.objective import Measured, least_on_core
from gelugen.emit import emit
from gelugen.emit.manifest import MANIFEST, digest, dump, sha256
from gelugen.errors import GelugenError
from gelugen.flow import prepare
from gelugen.gated_spec import GatedSpec
from gelugen.objectives import ESTIMATE
from gelugen.requests import from_toml, to_toml
from gelugen.search import build, gathered
from gelugen.spec import Spec, Target, command
from gelugen.units import build as build_unit
from gelugen.verify import check_guarantee
from gelugen.verify.flash import table_bytes

ARM = pytest.mark.needs("arm-gcc", "qemu-arm")
M4 = "instructions:cortex-m4"
TINY = ("gelu", "q2.2", "q2.2")


def asked(*more, form="q2.2"):
    return ["generate", "--function", "gelu", "--input", form, "--output", form, *more]


@pytest.fixture
def bare(monkeypatch):
    """A machine without compilers and emulators."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)


# -- what is asked ---------------------------------------------------------------------------------------------------


def test_the_cores_of_objectives_are_those_that_there_are():
    assert tuple(CORES) == CORE_NAMES
    assert tuple(name for name, core in CORES.items() if core.tick is None) == UNCOUNTED


@pytest.mark.parametrize("kind", ["instructions", "flash"])
@pytest.mark.parametrize("core", CORE_NAMES)
def test_an_objective_of_a_core_is_read(kind, core):
    if kind == "instructions" and core in UNCOUNTED:
        with pytest.raises(GelugenError, match="instructions cannot be counted on avr, ask for flash:avr"):
            Weights.parse(f"{kind}:{core}")
        return
    weights = Weights.parse(f" {kind}: {core}")
    assert weights.core == OnCore(kind, core)
    assert weights.name == f"{kind}:{core}"
    assert weights.counted
    assert Weights.parse(weights.name) == weights


@pytest.mark.parametrize("text", ["flash", "flash:", "flash:cortex-m1", "instructions:cortex-m4+dsp", "instructions"])
def test_an_objective_of_no_core_is_refused(text):
    with pytest.raises(
        GelugenError, match=r"instructions:CORE or flash:CORE with one of cortex-m0plus, .*, avr as the"
    ):
        Weights.parse(text)


def test_the_budget_is_a_field_of_the_spec():
    spec = Spec(*TINY, objective=M4, flash="512")
    assert spec.flash == 512
    assert spec == Spec(*TINY, objective=M4, flash=512) == Spec(**spec.fields()) != Spec(*TINY, objective=M4)
    assert from_toml(to_toml({"some": spec}), "some")[0][0] == spec
    assert spec.default_name() == "gelu_q2_2_correct_instructions_cortex_m4_flash512"
    assert f"--objective {M4} --flash 512" in command(spec, Target(spec.default_name()))
    assert "flash" not in Spec(*TINY, objective=M4).fields()


@pytest.mark.parametrize(
    ("flash", "more", "sentence"),
    [
        (512, {}, "flash 512 is given with objective balanced: it goes with instructions:CORE or flash:CORE"),
        (512, {"objective": "luts:xc7"}, "flash 512 is given with objective luts:xc7"),
        (-1, {"objective": M4}, "flash -1 must be a number of bytes, 0 or more"),
        ("many", {"objective": M4}, "flash 'many' must be a whole number"),
        (1.5, {"objective": M4}, "flash"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(flash, more, sentence):
    with pytest.raises(GelugenError) as refused:
        Spec(*TINY, flash=flash, **more)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--objective", "instructions:cortex-m1"), "must be instructions:CORE or flash:CORE"),
        (("--objective", "instructions:avr"), "instructions cannot be counted on avr"),
        (
            ("--objective", M4, "--architecture", "table", "--flash", "30"),
            "flash 30 is too small: of the designs of gelu from q2.2 to q2.2 that",
        ),
        (("--flash", "512"), "flash 512 is given with objective balanced"),
    ],
)
def test_what_cannot_be_had_is_refused_in_a_sentence(tmp_path, capsys, more, sentence):
    assert main([*asked(*more), "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.strip()
    assert sentence in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_what_is_no_single_design_is_not_chosen_by_a_core():
    with pytest.raises(GelugenError, match=f"objective {M4} is measured on its core on a design of its own"):
        build(Spec(*TINY, objective=M4))
    with pytest.raises(GelugenError, match="not for a gated unit or a bank"):
        build_unit(GatedSpec("geglu", "q2.2", "q2.2", "q2.2", "q2.2", objective=M4))


# -- estimated -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("name", ["instructions:cortex-m0plus", "flash:avr"])
def test_without_the_tools_the_figures_are_estimated_and_say_so(tmp_path, capsys, name):
    words = [*asked("--objective", name, "--flash", "30"), "-o", str(tmp_path)]
    assert main(words) == 0
    said = capsys.readouterr()
    core = name.partition(":")[2]
    assert f"of tables on {core}, by an estimate from the design" in said.out
    assert f"{name} is estimated: {CORES[core].compiler} " in said.err
    assert f"apt-get install {CORES[core].packages[0]}" in said.err
    (folder,) = tmp_path.iterdir()
    assert "by an estimate from the design" in (folder / f"{folder.name}.h").read_text()
    bundle = store.read(folder)
    assert bundle.manifest["measured"]["by"] == ESTIMATE
    assert bundle.manifest["measured"]["table_bytes"] <= 30
    assert ("instructions" in bundle.manifest["measured"]) == name.startswith("instructions")
    assert check_guarantee(bundle).status == "pass"
    assert main([*shlex.split(bundle.manifest["command"])[1:], "-o", str(tmp_path)]) == 0
    assert "unchanged" in capsys.readouterr().out
    assert main(["show", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert re.search(rf"^  objective +{name}$", shown, re.MULTILINE)
    assert re.search(
        rf"^  estimated +about .* of tables on {core}, by an estimate from the design$", shown, re.MULTILINE
    )
    assert main(["show", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["measured"]
    assert told == {**bundle.manifest["measured"], "estimated": True}
    assert main(["report", str(folder), "-o", str(tmp_path / "page.html")]) == 0
    assert "bytes of tables" in (tmp_path / "page.html").read_text()


@pytest.mark.usefixtures("bare")
def test_no_design_above_the_budget_competes():
    found = gathered(Spec(*TINY), objective._in_codes(Spec(*TINY), lambda _: None))
    every = {design: estimate(design, "cortex-m4") for design in found}
    tables = sorted({each.tables for each in every.values()})
    assert len(tables) > 3
    for most in tables:
        spec = Spec(*TINY, objective=M4, flash=most)
        chosen = least_on_core(spec, Target("tiny"))
        fitting = [each for each in every.values() if each.tables <= most]
        assert chosen.figures.candidates == len(fitting)
        assert chosen.figures.counts["table_bytes"] <= most
        assert chosen.figures.counts["instructions"] == round(min(each.instructions for each in fitting), 4)
    for name, size in (("table", 31), ("residual-table", 6)):
        with pytest.raises(GelugenError, match=f"the smallest tables that were found have {size} bytes"):
            least_on_core(Spec(*TINY, architecture=name, objective=M4, flash=size - 1), Target("tiny"))
        least_on_core(Spec(*TINY, architecture=name, objective=M4, flash=size), Target("tiny"))


@pytest.mark.usefixtures("bare")
def test_what_is_excluded_does_not_compete():
    spec = Spec(*TINY, objective=M4, exclude="multiplier")
    assert list(objective._in_codes(spec, lambda _: None)) == []
    assert list(objective._in_codes(Spec(*TINY, objective=M4), lambda _: None))
    left = Spec(*TINY, objective=M4, exclude="table,residual-table")
    assert least_on_core(left, Target("tiny")).design.architecture not in ("table", "residual-table")


@ARM
@pytest.mark.parametrize("form", ["q3.4", "q2.2"])
@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4"])
def test_an_estimate_is_near_what_is_counted(form, core):
    for name in ("table", "residual-table", "uniform-code-quadratic"):
        design = build(Spec("gelu", form, form, architecture=name))
        kernel = array_function(design, "some", emit(design, Target("some")))
        codes, told = near(design), estimate(design, core)
        counted = float(count(kernel, core, codes, tuple(each[:1] for each in codes)).mean)
        assert abs(told.instructions / counted - 1) < 0.4
        assert told.tables <= sizes(kernel, core).tables < told.tables + 4


@pytest.mark.usefixtures("bare")
def test_the_bytes_of_tables_in_the_text_are_those_of_the_estimate():
    wide = Spec("gelu", "q3.8", "q3.8", "ulp:2")
    for spec in (Spec(*TINY), Spec("gelu", "q3.4", "q3.4"), wide):
        for name in ("table", "residual-table", "uniform-code-quadratic", "uniform-code-linear", "sum-of-tables"):
            with contextlib.suppress(GelugenError):
                design = build(replace(spec, architecture=name))
                texts = emit(design, Target("some"))
                found = table_bytes(texts.get(f"some.{end}", "") for end in "hc")
                assert found == estimate(design, "cortex-m4").tables > 0


@pytest.mark.usefixtures("bare")
def test_verify_holds_the_text_to_the_budget(tmp_path):
    words = asked("--objective", "flash:avr", "--flash", "30", "--architecture", "residual-table")
    assert main([*words, "-o", str(tmp_path)]) == 0
    (folder,) = tmp_path.iterdir()
    bundle = store.read(folder)
    assert check_guarantee(bundle).status == "pass"
    spec, used = bundle.design.spec, bundle.manifest["measured"]["table_bytes"]
    kept, broken = (
        replace(bundle, design=replace(bundle.design, spec=replace(spec, flash=most))) for most in (used, used - 1)
    )
    sentence = f"the C has {used} bytes of tables, and flash is {used - 1}: the budget is broken"
    assert "bytes" not in check_guarantee(kept).note
    assert (check_guarantee(broken).status, check_guarantee(broken).note) == ("fail", sentence)
    header = folder / f"{folder.name}.h"
    header.write_text(re.sub(r"(static const u?int\d+_t \w+)\[\d+\]", r"\1[31]", header.read_text()))
    manifest = dict(bundle.manifest)
    manifest["files"][header.name] = sha256(header.read_text())
    manifest["manifest_sha256"] = digest(manifest)
    (folder / MANIFEST).write_text(dump(manifest))
    changed = check_guarantee(store.read(folder))
    assert (changed.status, changed.note) == (
        "fail",
        "the C has 31 bytes of tables, and flash is 30: the budget is broken",
    )


# -- measured --------------------------------------------------------------------------------------------------------


@ARM
@pytest.mark.parametrize("name", [M4, "flash:cortex-m4"])
def test_the_least_of_what_was_measured_is_taken_and_told(tmp_path, capsys, name):
    spec, notes = Spec(*TINY, objective=name, flash=31, exclude="sum-of-tables"), []
    chosen = least_on_core(spec, Target("tiny"), note=notes.append, most=4, jobs=1)
    figures, kind = chosen.figures, name.partition(":")[0]
    assert figures.measured == 4 < figures.candidates
    assert figures.by.startswith("gcc ")
    assert ("under QEMU " in figures.by) == (kind == "instructions")
    found = gathered(spec, objective._in_codes(spec, lambda _: None))
    costs = []
    for design, _ in objective._ranked(spec, Weights.parse(name).core, found)[:4]:
        kernel, codes = array_function(design, "tiny", emit(design, Target("tiny"))), near(design)
        size, counts = sizes(kernel, "cortex-m4"), {}
        if kind == "instructions":
            counts["instructions"] = float(count(kernel, "cortex-m4", codes, tuple(each[:1] for each in codes)).mean)
        costs.append(counts.get("instructions", size.code + size.tables))
        if design == chosen.design:
            told = {**counts, "code_bytes": size.code, "table_bytes": size.tables}
            assert figures.counts == pytest.approx(told, abs=0.0001)
            best = costs[-1]
    assert best == min(costs) < max(costs)
    assert any(note.startswith(f"4 of 4 candidates measured, {best:g} ") for note in notes)
    files = emit(chosen.design, chosen.target, figures)
    assert f"takes      {figures.describe()[:60]}" in files["tiny.h"]
    store.write(tmp_path, "tiny", files)
    bundle = store.read(tmp_path / "tiny")
    assert bundle.manifest["measured"] == json.loads(json.dumps(figures.to_json()))
    assert check_guarantee(bundle).status == "pass"
    assert main(["show", str(bundle.folder)]) == 0
    assert f"  measured           {figures.describe()}\n" in capsys.readouterr().out
    assert least_on_core(spec, chosen.target, most=4, jobs=1) == chosen


@ARM
def test_what_does_not_fit_or_cannot_be_built_is_left_out(monkeypatch):
    spec, results = Spec(*TINY, objective=M4, flash=40), []
    monkeypatch.setattr(objective, "work", lambda task: results.pop(0))  # noqa: ARG005
    best = Measured(Sizes(9, 40), Fraction(7))
    results[:] = [Measured(Sizes(1, 41), Fraction(1)), Measured(Sizes(0, 0), refusal="no"), best]
    figures = least_on_core(spec, Target("tiny"), most=3, jobs=1).figures
    assert figures.counts == {"instructions": 7.0, "code_bytes": 9, "table_bytes": 40}
    results[:] = [Measured(Sizes(1, 42), Fraction(1)), Measured(Sizes(0, 0), refusal="no")]
    with pytest.raises(GelugenError, match=r"flash 40 is too small: .* have 42 bytes"):
        least_on_core(spec, Target("tiny"), most=2, jobs=1)
    results[:] = [Measured(Sizes(0, 0), refusal="the compiler said this"), Measured(Sizes(0, 0), refusal="no")]
    with pytest.raises(GelugenError, match="the compiler said this"):
        least_on_core(spec, Target("tiny"), most=2, jobs=1)


FAITHFUL = ("q3.12", "q3.12", "faithful")
INT8 = ("int8:scale=0.05,zero_point=-3", "int8:scale=fit", "correct")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("request_", "flash", "core", "most"),
    [
        *((FAITHFUL, 512, f"cortex-{core}", 7.25) for core in ("m4", "m7", "m33")),
        (FAITHFUL, 96, "cortex-m4", 10.25),
        (FAITHFUL, 512, "cortex-m0plus", 16.5),
        (FAITHFUL, 512, "cortex-m55", 1.5),
        pytest.param(FAITHFUL, 512, "rv32imac", 15.75, marks=pytest.mark.needs("riscv-gcc", "qemu-riscv")),
        (INT8, None, "cortex-m4", 3.25),
        (INT8, None, "cortex-m0plus", 3.25),
        (INT8, None, "cortex-m55", 0.27),
        pytest.param(INT8, None, "rv32imac", 4.25, marks=pytest.mark.needs("riscv-gcc", "qemu-riscv")),
    ],
)
@ARM
def test_gelu_takes_few_instructions(request_, flash, core, most):
    form, output, guarantee = request_
    spec = Spec("gelu", form, output, guarantee, objective=f"instructions:{core}", flash=flash)
    prepared = prepare(spec)
    assert prepared.figures.counts["instructions"] <= most
    assert flash is None or prepared.figures.counts["table_bytes"] <= flash
