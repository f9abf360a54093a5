"""The command line: what it prints, where it writes, and one sentence with exit code 2 for everything else."""

import json
import os
import re
import shlex
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

import gelugen
from gelugen.cli import main
from gelugen.flow import default_set, generate
from gelugen.functions import ALIASES, CATALOGUE
from gelugen.spec import Spec

TABLE = Spec("gelu", "q3.4", "q3.4", architecture="residual-table")  # found at once
CONSTANTS = [f"{cut}-constant" for cut in ("uniform", "dyadic", "free")]
GELU8 = ["--function", "gelu", "--input", "q3.4", "--output", "q3.4"]


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def folder(tmp_path):
    return generate(TABLE, tmp_path / "made").folder


# -- what it does --------------------------------------------------------------------------------------------


def test_flags_make_a_folder_named_after_the_spec(tmp_path, capsys):
    assert main(["generate", *GELU8, "-o", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["gelu_q3_4_correct"]
    assert "written" in capsys.readouterr().out
    assert main(["generate", *GELU8, "-o", str(tmp_path)]) == 0
    assert "unchanged" in capsys.readouterr().out


def test_toml_and_flags_give_the_same_bytes(tmp_path):
    flags = ["--function", "gelu_tanh", "--input", "int8:scale=0.05,zero_point=-3", "--output", "int8:scale=fit"]
    assert main(["generate", *flags, "--guarantee", "faithful", "--name", "layer", "-o", str(tmp_path / "a")]) == 0
    spec = tmp_path / "spec.toml"
    spec.write_text(
        '[design.layer]\nfunction = "gelu_tanh"\n'
        'input = { bits = 8, signed = true, scale = "0x1.999999999999ap-5", zero_point = -3 }\n'
        'output = "int8:scale=fit"\nguarantee = "faithful"\n'
    )
    assert main(["generate", str(spec), "-o", str(tmp_path / "b")]) == 0
    for path in (tmp_path / "a" / "layer").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / "layer" / path.name).read_bytes()


def test_the_command_in_the_manifest_makes_the_same_bytes_again(tmp_path):
    for spec, target in default_set():
        if spec.input.bits > 8:  # takes long, and tests/test_rtl_out.py makes it again
            continue
        made = generate(spec, tmp_path / "first", target)
        command = json.loads((made.folder / "manifest.json").read_text())["command"]
        words = shlex.split(command)
        assert words[0] == "gelugen"
        assert main([*words[1:], "-o", str(tmp_path / "again")]) == 0
        for path in made.folder.iterdir():
            assert path.read_bytes() == (tmp_path / "again" / target.name / path.name).read_bytes()


ASKED = {
    "minimise": ["--minimise", "mse", "--segments", "4", "--density", "gaussian:0,1", "--grid", "-1"],
    "exclude": ["--no-multiplier", "--exclude", "table,free-constant", "--guarantee", "ulp:0.75"],
    "objective": ["--objective", "latency + 0.5*rom-bits", "--exclude", "multiplier"],
}


@pytest.mark.parametrize("flags", ASKED.values(), ids=ASKED)
def test_every_flag_is_in_the_command_and_in_toml(tmp_path, capsys, flags):
    from gelugen.requests import to_toml

    assert main(["generate", *GELU8, *flags, "-o", str(tmp_path / "first")]) == 0
    (folder,) = (tmp_path / "first").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    words = shlex.split(manifest["command"])
    spec = gelugen.load(folder).spec
    (tmp_path / "spec.toml").write_text(to_toml({folder.name: spec}))
    assert main([*words[1:], "-o", str(tmp_path / "again")]) == 0
    assert main(["generate", str(tmp_path / "spec.toml"), "-o", str(tmp_path / "toml")]) == 0
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / folder.name / path.name).read_bytes()
        assert path.read_bytes() == (tmp_path / "toml" / folder.name / path.name).read_bytes()
    capsys.readouterr()
    assert main(["show", str(folder), "--json", "--plot", str(tmp_path / "design.png")]) == 0
    figures = json.loads(capsys.readouterr().out)
    asked = {key: text for key, text in spec.fields().items() if key in figures and key != "architecture"}
    assert asked.items() <= figures.items()
    assert ("guarantee" in figures) == ("--minimise" not in flags) == ("segments" not in figures)
    assert main(["show", str(folder)]) == 0
    assert spec.describe_aim() in capsys.readouterr().out


def test_without_arguments_the_default_set_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["generate"]) == 0
    assert {path.name for path in (tmp_path / "rtl_out").iterdir()} == {target.name for _, target in default_set()}


def test_show_json_has_the_promised_keys(folder, capsys):
    assert main(["show", str(folder), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(data) == [
        "name", "function", "input", "output", "guarantee", "architecture", "rom_bits", "max_ulp", "mean_ulp",
        "correctly_rounded", "worst_code", "latency", "warnings",
    ]  # fmt: skip
    assert (data["input"], data["guarantee"], data["rom_bits"], data["latency"]) == ("q3.4", "correct", 72, 3)
    assert data["correctly_rounded"] == 1.0
    assert 0.49 < data["max_ulp"] < 0.5


def test_show_draws_a_picture(folder, tmp_path, capsys):
    picture = tmp_path / "design.png"
    assert main(["show", str(folder), "--plot", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000
    assert "a plain table has 2048" in capsys.readouterr().out


@pytest.mark.needs("cc", "icarus")
def test_verify_prints_a_table_and_json(folder, capsys):
    assert main(["verify", str(folder), "--with", "cc,icarus"]) == 0
    assert "256 of 256" in capsys.readouterr().out
    assert main(["verify", str(folder), "--with", "cc", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["passed"] is True
    for verdict in data["designs"][str(folder)]:
        assert (verdict["status"], verdict["checked"], verdict["mismatches"]) == ("pass", 256, 0)


@pytest.mark.needs("cc")
def test_a_mismatch_below_the_hashes_gives_exit_code_1(folder, capsys):
    from gelugen.emit.manifest import digest, dump, sha256

    header = folder / f"{folder.name}.h"
    header.write_text(header.read_text().replace("    2, 3, 3, 3", "    2, 11, 3, 3"))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][header.name] = sha256(header.read_text())
    (folder / "manifest.json").write_text(dump({**manifest, "manifest_sha256": digest(manifest)}))
    assert main(["verify", str(folder), "--with", "cc", "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["passed"] is False
    assert {verdict["mismatches"] for verdict in data["designs"][str(folder)][1:]} == {2}  # -9 and 9


def test_functions_lists_the_catalogue(capsys):
    assert main(["functions", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == list(CATALOGUE)
    assert main(["functions"]) == 0
    shown = capsys.readouterr().out
    assert all(each["formula"] in shown for each in listed)


@pytest.mark.parametrize("name", [*CATALOGUE, *ALIASES])
def test_functions_says_more_of_one(name, capsys):
    assert main(["functions", name, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["name"] == ALIASES.get(name, name)
    assert main(["functions", name]) == 0
    shown = capsys.readouterr().out
    assert data["source"] in shown
    assert all(f"{each['name']} = {each['default']}" in shown for each in data["parameters"])


def test_functions_refuses_an_unknown_name_in_one_sentence(capsys):
    assert main(["functions", "gleu"]) == 2
    assert "function 'gleu' is not known: it must be one of gelu, " in capsys.readouterr().err


def test_python_m_gelugen_is_the_same_command(tmp_path):
    run = [sys.executable, "-m", "gelugen"]
    done = subprocess.run([*run, "--version"], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout == f"gelugen {gelugen.__version__}\n"
    closed = subprocess.run([*run, "functions"], stdout=subprocess.DEVNULL, cwd=tmp_path, check=False)
    assert closed.returncode == 0


def test_the_python_api_of_the_readme(tmp_path):
    spec = gelugen.Spec(function="gelu", input="q3.4", output="q3.4", guarantee="correct")
    design = gelugen.build(spec)
    codes = spec.input.codes()
    assert (design.eval(codes) == spec.golden().codes).all()
    made = gelugen.generate(spec, tmp_path)
    assert gelugen.load(made.folder) == design
    assert design(1.0) == 0.8125  # 13/16 is the nearest to 0.8413
    assert gelugen.measure(design).correctly_rounded == 1.0


# -- what it refuses -----------------------------------------------------------------------------------------

REFUSALS = {
    "no command": ([], "COMMAND"),
    "unknown command": (["genrate"], "genrate"),
    "unknown flag": (["generate", "--gaurantee", "correct"], "--gaurantee"),
    "unknown function": (["generate", *GELU8, "--function", "gleu"], "'gleu' is not known: it must be one of gelu"),
    "malformed format": (["generate", *GELU8, "--input", "q3,4"], "'q3,4' is not known"),
    "contradictory format": (["generate", *GELU8, "--input", "int8:scale=1,scale=2"], "gives scale twice"),
    "affine without scale": (["generate", *GELU8, "--input", "int8"], "lacks its scale"),
    "too narrow": (["generate", *GELU8, "--input", "q1.1"], "'q1.1' has 3 bits: a format must have 4 to 16 bits"),
    "too wide": (["generate", *GELU8, "--output", "int17:scale=1"], "has 17 bits: a format must have 4 to 16 bits"),
    "scale zero": (["generate", *GELU8, "--input", "int8:scale=0"], "scale 0.0 must be a finite number above zero"),
    "scale negative": (["generate", *GELU8, "--input", "int8:scale=-1"], "scale -1.0 must be a finite number"),
    "scale NaN": (["generate", *GELU8, "--input", "int8:scale=nan"], "scale nan must be a finite number"),
    "scale infinite": (["generate", *GELU8, "--output", "int8:scale=inf"], "scale inf must be a finite number"),
    "scale no number": (["generate", *GELU8, "--output", "int8:scale=big"], "scale 'big' must be a number"),
    "zero point outside": (
        ["generate", *GELU8, "--output", "int8:scale=1,zero_point=128"],
        "zero_point 128 is outside int8: it must lie between -128 and 127",
    ),
    "input asks for a fit": (["generate", *GELU8, "--input", "int8:scale=fit"], "which only an output format can"),
    "unknown guarantee": (["generate", *GELU8, "--guarantee", "exact"], "guarantee 'exact' is not known"),
    "guarantee of nothing": (["generate", *GELU8, "--guarantee", "ulp:0"], "guarantee 'ulp:0' is not known"),
    "guarantee that cannot be kept": (
        ["generate", *GELU8, "--guarantee", "ulp:0.3", "--architecture", "residual-table"],
        "residual-table cannot keep the guarantee ulp:0.3 of gelu from q3.4 to q3.4: at best it keeps ulp:0.4977",
    ),
    "guarantee that nothing keeps": (
        ["generate", *GELU8, "--guarantee", "ulp:0.3"],
        "no architecture keeps the guarantee ulp:0.3 of gelu from q3.4 to q3.4: at best",
    ),
    "guarantee that nothing without a multiplier keeps": (
        ["generate", *GELU8, "--guarantee", "ulp:0.3", "--no-multiplier"],
        "keeps ulp:0.4977",
    ),
    "unknown objective": (["generate", *GELU8, "--objective", "area"], "objective 'area' is not known"),
    "unknown exclusion": (["generate", *GELU8, "--exclude", "tables"], "exclude 'tables' is not known"),
    "nothing to exclude from": (
        ["generate", *GELU8, "--architecture", "table", "--no-multiplier"],
        "exclude 'multiplier' is given, and only architecture auto has a choice",
    ),
    "all excluded": (
        ["generate", *GELU8, "--no-multiplier", "--exclude", "table,sum-of-tables," + ",".join(CONSTANTS)],
        "leaves no architecture to search",
    ),
    "minimise and a guarantee": (
        ["generate", *GELU8, "--guarantee", "correct", "--minimise", "mse", "--segments", "4"],
        "exclude each other",
    ),
    "minimise without segments": (["generate", *GELU8, "--minimise", "mse"], "segments is missing"),
    "segments without minimise": (["generate", *GELU8, "--segments", "4"], "segments '4' is given without minimise"),
    "explore nothing": (["explore"], "--function is missing"),
    "explore flags and TOML": (["explore", "grid.toml", *GELU8], "by flags or by TOML, not both"),
    "explore no grid": (["explore", "none.toml"], "none.toml cannot be read"),
    "explore an unknown function": (["explore", *GELU8, "--function", "gleu"], "'gleu' is not known"),
    "explore an unknown architecture": (["explore", *GELU8, "--architecture", "table,cubic"], "'cubic' is not known"),
    "no jobs": (["explore", *GELU8, "--jobs", "0"], "'0' must be a whole number above 0"),
    "jobs no number": (["explore", *GELU8, "--jobs", "all"], "'all' must be a whole number above 0"),
    "no rows": (["explore", *GELU8, "--top", "-1"], "'-1' must be a whole number above 0"),
    "jobs and a cluster": (["explore", *GELU8, "--jobs", "2", "--dask", "host:1"], "exclude each other"),
    "explore into a file": (["explore", *GELU8, "-o", "file/below"], "cannot be written (not a directory)"),
    "picture without an ending": (["explore", *GELU8, "--plot", "front"], "front needs an ending such as .png"),
    "unknown architecture": (["generate", *GELU8, "--architecture", "cubic"], "architecture 'cubic' is not known"),
    "fold that does not fit": (
        ["generate", *GELU8, "--output", "int8:scale=0.3", "--architecture", "residual-table"],
        "residual-table needs an input scale that is the output scale times a power of two",
    ),
    "unknown ties": (["generate", *GELU8, "--ties", "odd"], "ties 'odd' is not known"),
    "no input": (["generate", "--function", "gelu", "--output", "q3.4"], "--input is missing"),
    "only a name": (["generate", "--name", "act"], "--function is missing"),
    "name no identifier": (["generate", *GELU8, "--name", "8bit"], "name '8bit' is no identifier in C and Verilog"),
    "name is a keyword of C": (["generate", *GELU8, "--name", "double"], "'double' is taken by C, C++ or Verilog"),
    "name is a keyword of Verilog": (["generate", *GELU8, "--name", "module"], "'module' is taken"),
    "name leaves the folder": (["generate", *GELU8, "--name", "../act"], "name '../act' is no identifier"),
    "name empty": (["generate", *GELU8, "--name", ""], "name '' is no identifier"),
    "name too long": (["generate", *GELU8, "--name", "a" * 64], "it must have at most 63"),
    "TOML missing": (["generate", "none.toml"], "none.toml cannot be read"),
    "TOML and flags": (["generate", "none.toml", *GELU8], "by flags or by TOML, not both"),
    "output folder is a file": (["generate", *GELU8, "-o", "file/below"], "file/below cannot be written"),
    "output folder cannot be made": (["generate", *GELU8, "-o", "/dev/null/x"], "/dev/null/x cannot be written"),
    "nothing to verify": (["verify"], "DIR"),
    "verify no folder": (["verify", "none"], "none is no folder"),
    "verify a foreign folder": (["verify", "."], "holds no gelugen design"),
    "verify with an unknown tool": (["verify", "good", "--with", "cc,vivado"], "tool 'vivado' is not known"),
    "verify with nothing": (["verify", "good", "--with", ""], "tool '' is not known"),
    "show no folder": (["show", "none"], "none is no folder"),
    "plot into nowhere": (["show", "good", "--plot", "none/below.png"], "none/below.png cannot be written"),
    "plot of an unknown kind": (["show", "good", "--plot", "design.xyz"], "design.xyz cannot be written"),
}


@pytest.mark.parametrize(("words", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_bad_input_is_one_sentence_and_writes_nothing(tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    if "good" in words:
        generate(TABLE, tmp_path).folder.rename("good")
    before = tree(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("gelugen: ")
    assert said.err.count("\n") == 1
    assert sentence in said.err
    assert tree(tmp_path) == before


TOML_REFUSALS = {
    "not TOML": ("[design.act\n", "is not TOML"),
    "no design": ("", "holds no design"),
    "design is no table": ("design = 3\n", "holds no design"),
    "unknown top key": ('[designs.act]\nfunction = "gelu"\n', "unknown key 'designs'"),
    "unknown key": ('[design.act]\nfunction = "gelu"\nin = "q3.4"\n', "[design.act]: key 'in' is not known"),
    "missing key": ('[design.act]\nfunction = "gelu"\ninput = "q3.4"\n', "key 'output' is missing"),
    "wrong type": ("[design.act]\nfunction = 3\ninput = 4\noutput = 5\n", "function 3 must be a name such as gelu"),
    "format of the wrong type": ('[design.act]\nfunction = "gelu"\ninput = 4\noutput = 5\n', "format 4 must be text"),
    "guarantee of the wrong type": (
        '[design.act]\nfunction = "gelu"\ninput = "q3.4"\noutput = "q3.4"\nguarantee = 1\n',
        "guarantee 1 is not known",
    ),
    "unknown format key": (
        '[design.act]\nfunction = "gelu"\ninput = { bits = 8, signed = true, scale = 1, zero = 0 }\noutput = "q3.4"\n',
        "format key 'zero' is not known",
    ),
    "bad name": ('[design."a b"]\nfunction = "gelu"\ninput = "q3.4"\noutput = "q3.4"\n', "name 'a b' is no identifier"),
}


@pytest.mark.parametrize(("text", "sentence"), TOML_REFUSALS.values(), ids=TOML_REFUSALS)
def test_a_bad_toml_is_one_sentence_with_its_name(tmp_path, capsys, text, sentence):
    path = tmp_path / "spec.toml"
    path.write_text(text)
    assert main(["generate", str(path), "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"gelugen: {path}")
    assert sentence in said
    assert said.count("\n") == 1
    assert tree(tmp_path) == ["spec.toml"]


def test_one_bad_design_keeps_the_whole_toml_from_being_made(tmp_path, capsys):
    good = 'function = "gelu"\ninput = "q3.4"\noutput = "q3.4"\n'
    path = tmp_path / "spec.toml"
    path.write_text(f'[design.good]\n{good}[design.bad]\n{good}guarantee = "none"\n')
    assert main(["generate", str(path), "-o", str(tmp_path / "out")]) == 2
    assert "[design.bad]" in capsys.readouterr().err
    assert tree(tmp_path) == ["spec.toml"]


def test_one_design_that_cannot_be_keeps_all_from_being_written(tmp_path, capsys):
    good = 'function = "gelu"\ninput = "q3.4"\noutput = "q3.4"\n'
    path = tmp_path / "spec.toml"
    path.write_text(f'[design.good]\n{good}[design.bad]\n{good}guarantee = "ulp:0.01"\n')
    assert main(["generate", str(path), "-o", str(tmp_path / "out")]) == 2
    assert (
        "design bad: no architecture keeps the guarantee ulp:0.01 of gelu from q3.4 to q3.4" in capsys.readouterr().err
    )
    assert tree(tmp_path) == ["spec.toml"]


@pytest.mark.parametrize("other", ["Act", "act_n", "act_c0", "act_rows", "act_floor", "act_tb"])
def test_designs_whose_names_would_meet_are_refused(tmp_path, capsys, other):
    good = 'function = "gelu"\ninput = "q3.4"\noutput = "q3.4"\n'
    path = tmp_path / "spec.toml"
    path.write_text(f"[design.act]\n{good}[design.{other}]\n{good}")
    assert main(["generate", str(path), "-o", str(tmp_path / "out")]) == 2
    assert f"design {other} is asked for beside act" in capsys.readouterr().err


def test_what_can_be_verified_is_shown_before_the_refusal(folder, capsys):
    assert main(["verify", str(folder), "none", "--with", "cc"]) == 2
    said = capsys.readouterr()
    assert "256 of 256" in said.out
    assert "none is no folder" in said.err


@pytest.mark.parametrize("words", [["show", "/"], ["verify", "/"], ["show", "."], ["generate", "pipe"]])
def test_odd_places_are_one_sentence(tmp_path, monkeypatch, capsys, words):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "text", ["[" * 20_000, f"x = {'9' * 5000}"], ids=["nested without end", "an integer of 5,000 digits"]
)
def test_a_monstrous_toml_is_one_sentence(tmp_path, capsys, text):
    path = tmp_path / "spec.toml"
    path.write_text(text)
    assert main(["generate", str(path), "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "is not TOML" in said
    assert len(said) < 500


def test_a_design_asked_for_twice_is_refused(tmp_path, capsys):
    path = tmp_path / "spec.toml"
    path.write_text('[design.act]\nfunction = "gelu"\ninput = "q3.4"\noutput = "q3.4"\n')
    assert main(["generate", str(path), str(path), "-o", str(tmp_path / "out")]) == 2
    assert "design act is asked for twice" in capsys.readouterr().err


def test_a_folder_without_permission_is_one_sentence(tmp_path, capsys, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)  # root may write everywhere, so ask the file system's answer for
    assert main(["generate", *GELU8, "-o", str(tmp_path / "out")]) == 2
    assert "cannot be written (permission denied)" in capsys.readouterr().err


def test_a_foreign_file_in_the_way_is_one_sentence(folder, capsys):
    (folder / "mine.txt").write_text("mine")
    words = ["--architecture", "residual-table", "-o", str(folder.parent)]
    assert main(["generate", *GELU8, *words]) == 2
    assert "mine.txt was not made by gelugen" in capsys.readouterr().err


def test_a_tampered_folder_is_one_sentence(folder, capsys):
    (folder / f"{folder.name}.h").write_text("")
    assert main(["verify", str(folder)]) == 2
    assert "is not what gelugen wrote" in capsys.readouterr().err


def test_a_missing_tool_is_one_sentence(folder, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert main(["verify", str(folder), "--with", "icarus"]) == 2
    assert "Icarus Verilog is missing: apt-get install iverilog" in capsys.readouterr().err


def test_an_unexpected_error_is_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr("gelugen.functions.CATALOGUE", None)
    monkeypatch.delenv("GELUGEN_DEBUG", raising=False)
    assert main(["functions"]) == 70
    said = capsys.readouterr().err
    assert said.startswith("gelugen: internal error")
    assert said.count("\n") == 1


def test_a_closed_pipe_is_no_error():
    words = f"{shlex.quote(sys.executable)} -m gelugen functions --json | head -c 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {words}"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_starts_without_the_heavy_libraries():
    code = "import sys, gelugen.cli as c\ntry:\n c.main(['--help'])\nexcept SystemExit: pass\n"
    code += "print([m for m in ('numpy', 'flint', 'jinja2', 'rich', 'cocotb') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_assets_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from gelugen.assets import folder as asset

    assert (asset("templates") / "verilog" / "module.v.j2").is_file()
    assert (asset("sim") / "sweep.py").is_file()
    with pytest.raises(gelugen.GelugenError, match="install gelugen again"):
        asset("nothing")
    assert Path(asset("sim")).is_absolute()


@pytest.mark.parametrize("command", ["generate", "explore"])
def test_the_help_names_every_architecture(capsys, command):
    from gelugen.architectures import ARCHITECTURES

    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = "".join(capsys.readouterr().out.split())
    simple, cuts, degrees, folds = re.search(
        r";(table[a-z,-]*or)\{([a-z,]+)\}-\{([a-z,]+)\},aloneorafterafold:\{([a-z,]+)\}-", said
    ).groups()
    shapes = [*simple.removesuffix("or").split(","), *map("-".join, product(cuts.split(","), degrees.split(",")))]
    names = [*shapes, *map("-".join, product(folds.split(","), shapes))]
    assert sorted(names) == sorted(ARCHITECTURES)
