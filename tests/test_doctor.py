"""``gelugen doctor``: what is there is found with its version, what is missing is told with what brings it."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gelugen.cli import main
from gelugen.doctor import NEEDS, Need, look
from gelugen.verify import TOOLS

TOP = Path(__file__).resolve().parents[1]


def stub(folder, name, text, code=0):
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    return tmp_path


def test_a_program_tells_its_version(programs):
    need = Need("x", "", commands=("no-such-program", "gelugen-stub"))
    assert look(need).status == "missing"
    stub(programs, "gelugen-stub", "Stub from 1999 (v12.3.4-rc)")
    assert (look(need).status, look(need).version, look(need).where) == (
        "there",
        "12.3.4",
        str(programs / "gelugen-stub"),
    )


def test_the_version_of_the_program_goes_before_that_of_its_package(programs):
    stub(programs, "gelugen-stub", "gelugen-stub (15:12.2.rel1-1) 12.2.1 20221205")
    assert look(Need("x", "", commands=("gelugen-stub",))).version == "12.2.1"


def test_a_program_that_tells_no_version_is_there_all_the_same(programs):
    stub(programs, "gelugen-stub", "12.3", code=1)
    found = look(Need("x", "", commands=("gelugen-stub",)))
    assert (found.status, found.version) == ("there", "")


def test_a_program_without_the_one_beside_it_is_missing(programs):
    stub(programs, "gelugen-stub", "12.3")
    assert look(Need("x", "", commands=("gelugen-stub",), beside=("no-such-program",))).status == "missing"


def test_a_package_is_found_by_its_module():
    assert look(Need("x", "", packages=("pytest", "pytest"))).version == pytest.__version__
    assert look(Need("x", "", packages=("no_such_module", "pytest"))).status == "missing"


def test_each_tool_of_verify_has_a_row():
    told = {name for need in NEEDS for use in need.needed_by for name in re.findall(r"--with (\S+)", use)}
    named = {name for each in told for name in each.split(",")}
    for name in TOOLS:
        assert any(re.fullmatch(each.replace("*", ".*"), name) for each in named), name


def test_the_extras_that_are_named_exist():
    extras = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {extra for need in NEEDS for extra in re.findall(r"gelugen\[(\w+)\]", need.install)}
    assert named
    assert named <= set(extras)


def test_json_tells_what_the_table_tells(capsys):
    code = main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == (0 if told["ready"] else 1)
    assert set(told["verify"]) == set(TOOLS)
    assert main(["doctor"]) == code
    table = capsys.readouterr().out
    for tool in told["tools"]:
        assert tool["name"] in table
        assert tool["status"] == "there" or tool["install"] in table


def test_without_compiler_and_simulator_the_exit_code_is_1(tmp_path):
    environment = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(TOP)}
    done = subprocess.run(
        [sys.executable, "-m", "gelugen", "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert not told["ready"]
    rows = {each["name"]: each for each in told["tools"]}
    assert rows["gcc"]["status"] == rows["Icarus Verilog"]["status"] == "missing"
    assert rows["gcc"]["install"] == "apt-get install gcc libc6-dev"
    assert "gcc" in told["verify"]["cc"]["lacks"]
