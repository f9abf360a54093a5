"""The FuseSoC core: what it lists is all that each of its targets needs."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gelugen.emit import emit
from gelugen.emit.fusesoc import core_text
from gelugen.errors import GelugenError
from gelugen.search import build
from gelugen.spec import Spec, Target
from gelugen.synthesis.yosys import which

NAME = "cored"


@cache
def files() -> dict[str, str]:
    """A design whose table stands in a file, and its core."""
    return emit(build(Spec("gelu", "q3.10", "q3.4", "correct", architecture="table")), Target(NAME))


def parsed(text: str) -> dict[str, Any]:
    assert text.startswith("CAPI=2:\n")
    return yaml.safe_load(text.partition("\n")[2])


def listed(core: dict[str, Any], target: str) -> dict[str, dict[str, Any]]:
    """The files of a target with their attributes."""
    sets = [core["filesets"][name]["files"] for name in core["targets"][target]["filesets"]]
    return {name: facts for each in sets for entry in each for name, facts in entry.items()}


def test_the_core_lists_sources_and_memories_with_their_kinds():
    core = parsed(files()[f"{NAME}.core"])
    assert core["name"] == f"gelugen:activation:{NAME}:0"
    source = {"file_type": "verilogSource-2001"}
    rtl = {f"{NAME}.v": source, f"{NAME}.mem": {"file_type": "user", "copyto": f"{NAME}.mem"}}
    expected = f"{NAME}_expected.mem"
    bench = {f"{NAME}_tb.v": source, expected: {"file_type": "user", "copyto": expected}}
    assert set(core["targets"]) == {"default", "sim", "lint", "synth"}
    assert {target: listed(core, target) for target in core["targets"]} == {
        "default": rtl,
        "sim": {**rtl, **bench},
        "lint": rtl,
        "synth": rtl,
    }
    tops = {target: facts["toplevel"] for target, facts in core["targets"].items()}
    assert tops == {"default": NAME, "sim": f"{NAME}_tb", "lint": NAME, "synth": NAME}
    assert set(core) == {"name", "description", "filesets", "targets"}


@pytest.mark.needs("icarus")
def test_the_files_of_the_simulation_s_target_are_enough_for_it(tmp_path: Path) -> None:
    """Laid out as FuseSoC does it: sources in a folder of their own, what has a copyto where the tools run."""
    core = parsed(files()[f"{NAME}.core"])
    target = core["targets"]["sim"]
    (tmp_path / "src").mkdir()
    sources = []
    for name, facts in listed(core, "sim").items():
        place = facts.get("copyto", f"src/{name}")
        (tmp_path / place).write_text(files()[name])
        sources += [place] if facts["file_type"].startswith("verilog") else []
    options = target["flow_options"]["iverilog_options"]
    command = ["iverilog", *options, "-s", target["toplevel"], "-o", "sim.vvp", *sources]
    built = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert not built.stderr
    ran = subprocess.run(["vvp", "-n", "sim.vvp"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert ran.stdout.splitlines()[-1] == "PASS: 16384 of 16384 codes checked, 0 mismatches"


@pytest.mark.needs("icarus", "fusesoc")
def test_fusesoc_runs_the_simulation(tmp_path: Path) -> None:
    for name, text in files().items():
        (tmp_path / name).write_text(text)
    target = ["--work-root", str(tmp_path / "work"), "--target", "sim", f"gelugen:activation:{NAME}:0"]
    command = [which("fusesoc") or "fusesoc", "--cores-root", ".", "run", *target]
    ran = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "PASS: 16384 of 16384 codes checked, 0 mismatches" in ran.stdout
    assert "WARN" not in ran.stdout + ran.stderr


def test_wrappers_and_their_benches_get_targets_of_their_own():
    text = core_text(
        "wide",
        ["wide.vh", "wide_axis_tb.v", "wide_axis.v", "wide.v", "wide_tb.v", "wide_axis_expected.mem", "wide.mif"],
        top="wide_axis",
    )
    core = parsed(text)
    assert core["targets"]["default"]["toplevel"] == core["targets"]["synth"]["toplevel"] == "wide_axis"
    assert core["targets"]["sim"]["toplevel"] == "wide_axis_tb"
    assert core["targets"]["sim_wide"]["toplevel"] == "wide_tb"
    rtl = ["wide.vh", "wide_axis.v", "wide.v", "wide.mif"]
    assert list(listed(core, "default")) == rtl
    assert listed(core, "default")["wide.vh"]["is_include_file"] is True
    assert list(listed(core, "sim")) == [*rtl, "wide_axis_tb.v", "wide_axis_expected.mem"]
    assert list(listed(core, "sim_wide")) == [*rtl, "wide_tb.v"]


@pytest.mark.parametrize("name", ["on", "null", "yes"])
def test_words_of_yaml_are_names_too(name: str) -> None:
    core = parsed(core_text(name, [f"{name}.v"], description='two\nlines: "quoted" # and more'))
    assert core["targets"]["lint"]["toplevel"] == name
    assert core["description"] == 'two lines: "quoted" # and more'


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "core act has no file act.v for its top module: it has none"),
        (["act_tb.v"], "core act has no file act.v for its top module: it has act_tb.v"),
        (["act.v", "../act.mem"], "file '../act.mem' of core act: it must stand in the folder of the core"),
    ],
)
def test_a_core_without_its_files_is_refused(names: list[str], message: str) -> None:
    with pytest.raises(GelugenError, match=message):
        core_text("act", names)
