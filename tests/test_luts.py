"""Text for a family: bit-exact for every design, clean to every linter, and as small as measured."""

import json
from dataclasses import replace

import numpy as np
import pytest
from designs import designs
from hypothesis import given, settings
from hypothesis import strategies as st
from test_emit import lint

from gelugen import store
from gelugen.accuracy import check
from gelugen.aims import Luts, Weights
from gelugen.architectures import get_architecture
from gelugen.cli import main
from gelugen.design import Coefficient, Design, Term, Uniform
from gelugen.emit import emit
from gelugen.emit.styling import Style
from gelugen.emit.writing import Writing
from gelugen.errors import GelugenError
from gelugen.fit.untruncated import untruncated
from gelugen.fit.untruncated.segment import Grids, Segment, climb
from gelugen.golden import golden
from gelugen.pipeline import planned
from gelugen.search import build
from gelugen.spec import Spec, Target
from gelugen.synthesis.objective import least_luts, task
from gelugen.synthesis.tasks import work
from gelugen.verify import check_guarantee
from gelugen.verify.icarus import run_own_bench

FAMILIES = ("xc7", "ice40")


def written(folder, design, **target):
    files = emit(design, Target("styled", **target))
    for name, text in files.items():
        (folder / name).write_text(text)
    return files


def deepest(design):
    """The most registers that a design takes."""
    depth = 0
    while True:
        try:
            planned(design, depth + 1)
        except GelugenError:
            return depth
        depth += 1


@pytest.mark.needs("icarus", "verilator")
@settings(max_examples=40)
@given(data=st.data())
def test_every_design_is_written_for_every_family_bit_for_bit_and_without_a_warning(data, tmp_path_factory):
    design = data.draw(designs())
    style = data.draw(st.sampled_from(FAMILIES))
    pipeline = data.draw(st.integers(0, deepest(design)))
    folder = tmp_path_factory.mktemp("styled")
    written(folder, design, style=style, pipeline=pipeline)
    assert lint(folder, "styled") == ""
    verdict = run_own_bench("Icarus", folder, "styled", design)
    assert (verdict.status, verdict.checked) == ("pass", verdict.codes), verdict


LINES = Coefficient((7, 3, 1, 2, 0, 1), 3, False, 1), Coefficient((-2, 1, 3, -4, 2, 1), 3, True, 1)
SQUARE = Coefficient((1, -2, 1, 0, -1, 1), 2, True)


@pytest.mark.needs("icarus", "verilator")
@pytest.mark.parametrize("style", FAMILIES)
@pytest.mark.parametrize("bias", [0, 5])
@pytest.mark.parametrize("columns", [LINES[:1], LINES, (*LINES, SQUARE)], ids=["constants", "lines", "quadratics"])
def test_negated_words_give_the_same_codes(tmp_path, style, bias, columns):
    spec = Spec("gelu", "q3.4", "q5.4", "ulp:9999")
    design = Design(spec, "table", "residual", (Term(Uniform(3), columns),), shift=3, bias=bias)
    for pipeline in range(deepest(design) + 1):
        folder = tmp_path / str(pipeline)
        folder.mkdir()
        target = Target("styled", pipeline=pipeline, style=style)
        assert Style.of(design, Writing.of(design, target)).negated or style == "xc7"
        written(folder, design, style=style, pipeline=pipeline)
        assert lint(folder, "styled") == ""
        verdict = run_own_bench("Icarus", folder, "styled", design)
        assert (verdict.status, verdict.checked) == ("pass", 256), verdict


@pytest.mark.parametrize(
    ("values", "end", "expected"),
    [
        ((0, 3, 2, 1), 3, (6, 0, False)),  # 32 codes: 6 bits, since dx has 4; what is past them must be seen
        ((2, 3, 2, 1), 3, (6, 0, True)),  # u = 0 is not as the codes past the end: -64 must be told from 0
        ((1,) * 8, 4, (7, 0, True)),
        ((0,) + (1,) * 7, 4, (7, None, False)),  # only -128 has more bits, and is as 0 is
    ],
)
def test_a_fold_takes_the_bits_that_the_tables_need(values, end, expected):
    design = Design(
        Spec("gelu", "q3.4", "q3.4", "ulp:9999"),
        "table",
        "residual",
        (Term(Uniform(4), (Coefficient(values, end, False),)),),
    )
    style = Style.of(design, Writing.of(design, Target("some", style="xc7")))
    assert (style.u_bits, style.rest, style.zero) == expected


@pytest.mark.needs("yosys")
@pytest.mark.parametrize(("family", "most"), [("xc7", 17), ("ice40", 23)])
def test_correct_gelu_of_8_bits_takes_few_lookup_tables(family, most):
    design = build(Spec("gelu", "q3.4", "q3.4", architecture="residual-table"))
    assert work(task(design, Luts(family), family)).resources.luts <= most


# -- without truncation --------------------------------------------------------------------------------------------


@given(st.integers(-300, 300), st.integers(-300, 300), st.integers(1, 9), st.integers(1, 9))
def test_climbing_finds_the_top_of_a_concave_function(top, start, left, right):
    assert climb(lambda at: min(left * (at - top), right * (top - at)), start) == (top, 0)


@settings(max_examples=20)
@given(data=st.data())
def test_the_choices_of_a_segment_are_right_and_none_is_missed(data):
    count = data.draw(st.integers(3, 6))
    low = np.array(data.draw(st.lists(st.integers(-4, 4), min_size=count, max_size=count)))
    high = low + np.array(data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)))
    t, grids = np.arange(count) - count // 2, Grids(2, 1, 1)
    found = list(Segment(low, high, (low + high + 1) / 2, t, 2).choices(grids))

    def serves(c2, c1, c0):
        r = c2 * t * t + 2 * c1 * t + 2 * c0 >> 2
        return bool(((low <= r) & (r <= high)).all())

    for each in found[:50]:
        assert serves(each.c2, each.c1, each.low)
        assert serves(each.c2, each.c1, each.high)
        assert not serves(each.c2, each.c1, each.low - 1)
        assert not serves(each.c2, each.c1, each.high + 1)
    c2, c1, c0 = (each.ravel() for each in np.mgrid[-8:9, -10:11, -16:17])
    r = c2[:, None] * t * t + 2 * c1[:, None] * t + 2 * c0[:, None] >> 2
    if ((low <= r) & (r <= high)).all(axis=1).any():
        assert found


@pytest.mark.parametrize("name", ["uniform-quadratic", "residual-uniform-quadratic", "residual-uniform-linear"])
@pytest.mark.parametrize("guarantee", ["correct", "faithful"])
def test_polynomials_without_truncation_keep_the_guarantee(name, guarantee):
    spec = Spec("gelu", "q3.6", "q3.6", guarantee)
    found = list(untruncated(spec, golden(spec), get_architecture(name)))
    assert found
    for design in found:
        assert check(design).max_ulp <= (0.5 if guarantee == "correct" else 1)
        assert not any(design.terms[0].shifts)


# -- the objective ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "luts"),
    [
        ("luts:xc7", Luts("xc7")),
        ("luts:xc7+dsp", Luts("xc7", dsps=True)),
        ("luts:ecp5+bram+dsp", Luts("ecp5", True, True)),
    ],
)
def test_an_objective_of_lookup_tables_is_read(text, luts):
    weights = Weights.parse(text)
    assert weights.luts == luts
    assert Weights.parse(weights.name) == weights


@pytest.mark.parametrize("text", ["luts", "luts:", "luts:xc8", "luts:xc7+ram", "luts:xc7+dsp+dsp", "luts:xc7 dsp"])
def test_an_objective_of_no_family_is_refused(text):
    with pytest.raises(GelugenError, match=r"luts:FAMILY with ice40, ecp5, xc7"):
        Weights.parse(text)


@pytest.mark.needs("yosys")
def test_the_least_of_what_was_measured_is_taken_and_told(tmp_path, capsys):
    left_out = "uniform-digit-linear,dyadic-digit-linear,uniform-digit-quadratic"
    spec = Spec("gelu", "q2.2", "q2.2", objective="luts:ice40", exclude=left_out)
    notes = []
    chosen = least_luts(spec, Target("tiny"), note=notes.append, most=6, jobs=1)
    assert chosen.figures.measured == 6 < chosen.figures.candidates
    again = work(task(chosen.design, Luts("ice40"), chosen.target.style)).resources
    assert again.to_json() == chosen.figures.counts
    assert any(note.startswith("6 of 6 candidates measured, ") for note in notes)
    files = emit(chosen.design, chosen.target, chosen.figures)
    manifest = json.loads(files["manifest.json"])
    assert manifest["measured"]["luts"] == again.luts
    assert f"{again.luts} LUT" in files["tiny.v"]
    assert f"the 6 most promising of {chosen.figures.candidates} candidates" in files["tiny.v"]
    store.write(tmp_path, "tiny", files)
    bundle = store.read(tmp_path / "tiny")
    assert check_guarantee(bundle).status == "pass"
    told = bundle.manifest["measured"]
    assert main(["show", str(bundle.folder)]) == 0
    shown = capsys.readouterr().out
    assert f"  measured           {again.luts} LUTs of ice40, combinational, by Yosys " in shown
    assert main(["show", str(bundle.folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["measured"] == {**told, "estimated": False}
    for measured in ({**told, "candidates": 6}, {**told, "objective": "luts:xc7"}, {**told, "luts": "few"}, 6, {}):
        changed = replace(bundle, manifest={**bundle.manifest, "measured": measured})
        assert check_guarantee(changed).note == "the manifest's search is not that of its design"
    assert least_luts(spec, chosen.target, most=6, jobs=1) == chosen  # the command in the header gives the same


def test_without_yosys_the_objective_is_refused_in_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GELUGEN_YOSYS", "no-such-yosys")
    asked = ["generate", "--function", "gelu", "--input", "q2.2", "--output", "q2.2", "--objective", "luts:xc7"]
    assert main([*asked, "--output-dir", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.strip()
    assert "no-such-yosys" in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(GelugenError, match="objective luts:xc7 is measured by Yosys"):
        build(Spec("gelu", "q2.2", "q2.2", objective="luts:xc7"))
