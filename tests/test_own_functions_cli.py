"""A user's own function on the command line: imported because it is named there, and never because a file names it."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from gelugen.cli import main
from gelugen.functions import user
from gelugen.store import load

MODULE = """
import gelugen

@gelugen.ball_function(formula="x / (1 + x^2)")
def bump(x):
    return x / (1 + x * x)

@gelugen.float_function(relative=2**-50)
def cube(x):
    return x * x * x

@gelugen.ball_function(domain=(0, None))
def root(x):
    return x.sqrt()

def plain(x):
    return x / 2

def broken(x):
    raise RuntimeError("no")
"""
FORMATS = ["--input", "q3.4", "--output", "q3.4", "--exclude", "multiplier"]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with the module; afterwards nothing of it is known."""
    (tmp_path / "mine.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(user, "_known", {})
    yield tmp_path
    sys.modules.pop("mine", None)


def rewrite(place, text):
    """Another module under the same name, as a new process would find it."""
    sys.modules.pop("mine")
    for cached in place.glob("__pycache__/mine*"):
        cached.unlink()
    (place / "mine.py").write_text(text)
    importlib.invalidate_caches()


def run(capsys, *words, code=0):
    assert main(list(words)) == code
    return capsys.readouterr()


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize(
    ("function", "accuracy"),
    [("mine:bump", None), ("mine:cube", None), ("mine:plain", "relative:0"), ("math:atan", "relative:4e-16")],
)
def test_a_design_of_an_own_function_is_generated_verified_and_shown(function, accuracy, capsys, monkeypatch):
    own = ["--function", function, *(["--accuracy", accuracy] if accuracy else [])]
    (made,) = json.loads(run(capsys, "generate", *own, *FORMATS, "-o", "out", "--json").out)
    header = (Path(made["folder"]) / f"{made['name']}.h").read_text()
    command = next(line for line in header.splitlines() if line.startswith(" * made by"))
    assert function in command
    assert ("--accuracy" in command) == (function != "mine:bump")
    # Another process knows nothing of it.
    monkeypatch.setattr(user, "_known", {})
    for words in (["verify", made["folder"]], ["show", made["folder"]]):
        said = run(capsys, *words, code=2).err
        assert f"function '{function}' is a user's own and not known here" in said
        assert said.count("\n") == 1
    verdicts = json.loads(run(capsys, "verify", made["folder"], *own, "--json").out)
    assert verdicts["passed"]
    assert run(capsys, "show", made["folder"], *own).out.startswith(made["name"])


def test_another_function_under_the_name_breaks_the_guarantee(place, capsys, monkeypatch):
    (made,) = json.loads(run(capsys, "generate", "--function", "mine:bump", *FORMATS, "-o", "out", "--json").out)
    rewrite(place, MODULE.replace("x / (1 + x * x)", "x / (2 + x * x)"))
    monkeypatch.setattr(user, "_known", {})
    (verdicts,) = json.loads(
        run(capsys, "verify", made["folder"], "--function", "mine:bump", "--with", "cc", "--json", code=1).out
    )["designs"].values()
    assert verdicts[0]["status"] == "fail"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--function", "mine:plain"], "state how accurate it is, as in --accuracy relative:4e-16"),
        (["--function", "mine:broken", "--accuracy", "relative:0"], "mine:broken raises at x = -8 (RuntimeError: no)"),
        (["--function", "mine:missing"], "has no missing"),
        (["--function", "nowhere_at_all:f"], "module nowhere_at_all cannot be imported"),
        (["--function", "mine:root"], "is defined for x >= 0"),
        (["--function", "gelu", "--accuracy", "relative:0"], "--accuracy relative:0 is given without a function"),
        (["--function", "mine:plain", "--accuracy", "precise"], "accuracy 'precise' must be absolute:1e-12"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(words, sentence, capsys, place):
    said = run(capsys, "generate", *words, *FORMATS, "-o", "out", code=2).err
    assert sentence in said
    assert said.count("\n") == 1
    assert not (place / "out").exists()


@pytest.mark.parametrize("outside", ["clamp", "0", "-1/2", "-0.5"])
def test_outside_its_domain_a_function_is_what_is_said(outside, capsys):
    flags = ["--function", "mine:root", *FORMATS, "--outside", outside, "-o", "out", "--json"]
    (made,) = json.loads(run(capsys, "generate", *flags).out)
    design = load(made["folder"])
    expected = {"clamp": 0, "0": 0}.get(outside, -8)
    assert set(design.eval(list(range(-128, 0))).tolist()) == {expected}


def test_a_toml_cannot_name_an_own_function(place, capsys):
    (place / "evil.py").write_text("raise SystemExit('this must never run')\n")
    (place / "spec.toml").write_text('[design.a]\nfunction = "evil:f"\ninput = "q3.4"\noutput = "q3.4"\n')
    said = run(capsys, "generate", "spec.toml", code=2).err
    assert "nothing that a file names is run" in said


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_explore_takes_an_own_function_over_all_processes(jobs, capsys):
    words = ["explore", "--function", "mine:bump", "--input", "q2.2", "--output", "q2.2", "--no-multiplier", "--json"]
    outcome = json.loads(run(capsys, *words, "--jobs", jobs).out)
    assert outcome["designs"]


def test_explore_does_not_take_old_results_for_a_changed_function(place, capsys):
    words = ["explore", "--function", "mine:plain", "--accuracy", "relative:0", "--input", "q2.2", "--output", "q2.2"]
    words += ["--no-multiplier", "--json", "--jobs", "1"]
    first = json.loads(run(capsys, *words).out)["designs"]
    rewrite(place, MODULE.replace("return x / 2", "return x * x - 1"))
    second = json.loads(run(capsys, *words).out)["designs"]
    assert [each["rom_bits"] for each in first] != [each["rom_bits"] for each in second]
