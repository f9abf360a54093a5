"""The verifiers: what they say of good files, and of files that are wrong in one place."""

import dataclasses
import json
import shutil

import pytest

from gelugen.architectures import ARCHITECTURES
from gelugen.emit import MANIFEST, emit
from gelugen.emit.manifest import digest, dump
from gelugen.errors import GelugenError
from gelugen.flow import generate
from gelugen.search import build
from gelugen.spec import Spec, Target
from gelugen.store import write
from gelugen.verify import Verdict, passed, verify
from gelugen.verify.c import check_c
from gelugen.verify.icarus import check_icarus

FOLDS = ("none", "residual")
LINES = Spec("gelu", "q3.4", "q3.4", architecture="residual-uniform-linear")


@pytest.fixture
def folder(tmp_path):
    return generate(LINES, tmp_path).folder


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("architecture", [name for name, each in ARCHITECTURES.items() if each.fold in FOLDS])
def test_every_architecture_is_verified_in_c_and_verilog(tmp_path, architecture):
    guarantee = "ulp:1.5" if "uniform-constant" in architecture else "correct"
    function = "sigmoid" if architecture == "uniform-code-linear" else "gelu"  # its slopes are below 1/2
    made = generate(Spec(function, "q2.4", "q2.4", guarantee, architecture), tmp_path)
    verdicts = verify(made.folder, ["cc", "icarus"])
    assert passed(verdicts), verdicts
    assert all(each.checked == each.codes == 1 << made.design.spec.input.bits for each in verdicts)


@pytest.mark.needs("cc", "icarus")
def test_what_minimises_the_error_is_verified_too(tmp_path):
    made = generate(Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=5, density="gaussian:0,1"), tmp_path)
    verdicts = verify(made.folder)
    assert passed(verdicts), verdicts
    assert max(term.depth for term in made.design.terms) <= 5


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("architecture", ["table", "residual-table", "uniform-linear", "residual-uniform-linear"])
@pytest.mark.parametrize(
    ("function", "input", "output", "guarantee"),
    [
        ("gelu", "q3.4", "q3.4", "correct"),
        ("gelu_tanh", "q2.5", "uq1.6", "faithful"),
        ("gelu_sigmoid", "uint8:scale=0.05,zero_point=131", "int8:scale=0.025,zero_point=-100", "ulp:1.5"),
        ("gelu", "q3.8", "q2.4", "correct"),
        ("gelu", "int5:scale=0.5", "uint12:scale=0.0078125,zero_point=40", "faithful"),
    ],
    ids=lambda value: str(value),
)
def test_formats_and_functions_are_verified_in_c_and_verilog(
    tmp_path, function, input, output, guarantee, architecture
):
    made = generate(Spec(function, input, output, guarantee, architecture), tmp_path)
    verdicts = verify(made.folder, ["cc", "icarus"])
    assert passed(verdicts), verdicts
    assert all(each.checked == each.codes == 1 << made.design.spec.input.bits for each in verdicts)


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("architecture", ["table", "residual-table"])
def test_a_table_in_a_file_is_verified_too(tmp_path, architecture):
    made = generate(Spec("gelu", "q2.11", "q2.11", "correct", architecture), tmp_path)
    assert "$readmemh" in (made.folder / f"{made.folder.name}.v").read_text()
    verdicts = verify(made.folder)
    assert passed(verdicts), verdicts


@pytest.mark.needs("cc")
def test_a_wrong_number_in_the_header_is_found_with_its_code(folder):
    design = build(LINES)
    header = folder / f"{folder.name}.h"
    text = header.read_text()
    assert text.count(" 51,  91,") == 1
    header.write_text(text.replace(" 51,  91,", " 51,  75,"))
    for verdict in check_c(folder, folder.name, design):
        # Row 2 serves |code| 8 to 11, on both sides; 16/8 less of r at each.
        assert (verdict.status, verdict.mismatches) == ("fail", 8)
        code, expected, got = verdict.first_mismatch
        assert (code, got - expected) == (-11, 2)


@pytest.mark.needs("cc")
def test_a_warning_of_the_compiler_is_a_failure(folder):
    header = folder / f"{folder.name}.h"
    text = header.read_text()
    assert text.count("    int32_t y = ") == 1
    header.write_text(text.replace("    int32_t y = ", "    int32_t unused;\n    int32_t y = "))
    verdicts = check_c(folder, folder.name, build(LINES))
    assert {each.status for each in verdicts} == {"fail"}
    assert "unused" in verdicts[0].note
    assert verdicts[0].checked == 0


@pytest.mark.needs("cc")
def test_undefined_behaviour_is_a_failure_of_the_sanitizer_alone(folder):
    header = folder / f"{folder.name}.h"
    text = header.read_text()
    assert text.count("if (i < 9u) {") == 1
    harmless = "    if (x == 77) {\n        volatile int32_t big = 2147483647;\n\n        big = big + 1;\n    }\n"
    header.write_text(text.replace("    if (i < 9u) {", f"{harmless}    if (i < 9u) {{"))
    verdicts = check_c(folder, folder.name, build(LINES))
    assert {each.tool.partition(", ")[2]: each.status for each in verdicts} == {"-O2": "pass", "UBSan": "fail"}


@pytest.mark.needs("icarus")
def test_an_unknown_bit_is_a_failure(folder):
    module = folder / f"{folder.name}.v"
    text = module.read_text()
    assert text.count("6'd8: word_1 <= 5'h1d;") == 1
    module.write_text(text.replace("6'd8: word_1 <= 5'h1d;", "6'd8: word_1 <= 5'bxxxxx;"))
    for verdict in check_icarus(folder, folder.name, build(LINES)):
        assert verdict.status == "fail"
        assert verdict.mismatches > 0


@pytest.mark.needs("icarus")
def test_a_sample_that_comes_a_clock_late_is_a_failure(folder):
    module = folder / f"{folder.name}.v"
    module.write_text(module.read_text().replace("localparam LATENCY = 4;", "localparam LATENCY = 5;"))
    verdict = check_icarus(folder, folder.name, build(LINES))[0]
    assert verdict.status == "fail"
    assert "handshake" in verdict.note


@pytest.mark.needs("cc", "icarus")
def test_a_design_that_breaks_its_guarantee_fails_though_every_artifact_agrees(tmp_path):
    spec = Spec("gelu", "q3.4", "q3.4")
    loose = build(Spec("gelu", "q3.4", "q3.4", "ulp:2"))
    files = emit(loose, Target("loose"))
    manifest = json.loads(files[MANIFEST])
    manifest["design"]["spec"] = spec.fields()  # it now claims to be correct
    manifest["manifest_sha256"] = digest(manifest)
    write(tmp_path, "loose", {**files, MANIFEST: dump(manifest)})
    verdicts = verify(tmp_path / "loose")
    assert verdicts[0].status == "fail"
    assert verdicts[0].mismatches > 0
    assert {each.status for each in verdicts[1:]} == {"pass"}
    assert not passed(verdicts)


def test_a_skipped_tool_is_never_a_pass():
    good = Verdict("guarantee", "pass", 256, 256)
    skipped = Verdict("icarus", "skipped", 256, note="missing")
    assert not passed([good, skipped])
    assert passed([good, skipped, Verdict("gcc", "pass", 256, 256)])
    assert not passed([good, Verdict("gcc", "pass", 256, 256), dataclasses.replace(skipped, status="fail")])


def test_a_missing_tool_is_skipped_at_home_refused_when_named_and_refused_on_ci(folder, monkeypatch, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("gcc", "as", "ld"):
        if path := shutil.which(name):
            (tools / name).symlink_to(path)
    monkeypatch.setenv("PATH", str(tools))
    from gelugen.verify.c import _compilers

    _compilers.cache_clear()
    monkeypatch.delenv("CI", raising=False)
    statuses = {each.tool: each.status for each in verify(folder)}
    assert statuses["icarus"] == "skipped"
    with pytest.raises(GelugenError, match="Icarus Verilog is missing"):
        verify(folder, ["icarus"])
    monkeypatch.setenv("CI", "true")
    with pytest.raises(GelugenError, match="Icarus Verilog is missing"):
        verify(folder)
    _compilers.cache_clear()


@pytest.mark.needs("icarus")
def test_verilog_that_does_not_compile_is_a_failure(folder):
    module = folder / f"{folder.name}.v"
    module.write_text(module.read_text() + "garbage\n")
    for verdict in check_icarus(folder, folder.name, build(LINES)):
        assert (verdict.status, verdict.checked) == ("fail", 0)
        assert "error" in verdict.note


@pytest.mark.needs("icarus")
def test_the_own_bench_names_the_first_mismatch(folder):
    module = folder / f"{folder.name}.v"
    module.write_text(module.read_text().replace("6'd8: word_1 <= 5'h1d;", "6'd8: word_1 <= 5'h1e;"))
    cocotb, own = check_icarus(folder, folder.name, build(LINES))
    assert cocotb.mismatches == own.mismatches > 0
    assert cocotb.first_mismatch == own.first_mismatch


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("odd", ['with a space, a "quote" and ünïcode'])
def test_odd_paths_do_no_harm(tmp_path, odd):
    made = generate(Spec("gelu", "q2.11", "q2.11", architecture="table"), tmp_path / odd)
    assert "$readmemh" in (made.folder / f"{made.folder.name}.v").read_text()
    assert passed(verify(made.folder))


@pytest.mark.parametrize(
    ("key", "value"),
    [("latency", 99), ("rom_bits", 1), ("command", "gelugen"), ("table_order", "any"), ("formats", {})],
)
def test_a_manifest_that_misstates_its_design_fails(folder, key, value):
    manifest = {**json.loads((folder / MANIFEST).read_text()), key: value}
    (folder / MANIFEST).write_text(dump({**manifest, "manifest_sha256": digest(manifest)}))
    from gelugen.store import read
    from gelugen.verify import check_guarantee

    verdict = check_guarantee(read(folder))
    assert (verdict.status, key in verdict.note) == ("fail", True)


def test_without_any_tool_there_is_no_verdict(folder, monkeypatch):
    from gelugen.verify.c import _compilers

    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CI", raising=False)
    _compilers.cache_clear()
    with pytest.raises(GelugenError, match="no tool to verify with is there"):
        verify(folder)
    _compilers.cache_clear()
