"""The wheel alone, in an empty environment, away from the checkout: what `pip install gelugen` gives."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import gelugen

CHECKOUT = Path(__file__).resolve().parents[1]
WHEELHOUSE = CHECKOUT / ".venv" / "wheelhouse"  # filled by scripts/setup.sh
TIMEOUT = 300


def environment() -> dict[str, str]:
    """Nothing that would let the checkout, or a package index, in."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "COV_"))}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def run(words: Sequence[str | Path], where: Path) -> str:
    """Run a command that has to succeed; gives what it printed."""
    done = subprocess.run(
        [*map(str, words)], cwd=where, env=environment(), capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel of the checkout, built offline by the hatchling that is installed."""
    pip = [sys.executable, "-m", "pip"]
    run([*pip, "wheel", CHECKOUT, "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path / "dist"], tmp_path)
    (built,) = (tmp_path / "dist").glob("*.whl")
    return built


def test_wheel_carries_all_templates_and_benches(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    for name in ("templates", "sim"):
        files = [each for each in (CHECKOUT / name).rglob("*") if each.is_file() and each.suffix != ".pyc"]
        assert files
        assert {f"gelugen/{each.relative_to(CHECKOUT)}" for each in files} <= inside
    assert {"gelugen/default_set.toml", "gelugen/py.typed"} <= inside
    assert not [each for each in inside if "__pycache__" in each or each.startswith(("tests", "rtl_out"))]


@pytest.mark.needs("icarus", "cc")
def test_wheel_generates_and_verifies_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    if not WHEELHOUSE.is_dir():
        message = ".venv/wheelhouse is missing: run make setup"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    home, work = tmp_path / "venv", tmp_path / "work"
    work.mkdir()
    venv.create(home, symlinks=True, with_pip=True)
    python, command = home / "bin" / "python", home / "bin" / "gelugen"
    install = [
        "-m",
        "pip",
        "install",
        "--no-compile",
        "--no-index",
        "--find-links",
        WHEELHOUSE,
        f"gelugen[rtl] @ {wheel.as_uri()}",
    ]
    run([python, *install], work)

    where = run([python, "-c", "import gelugen; print(gelugen.__file__)"], work)
    assert Path(where.strip()).resolve().is_relative_to(home.resolve())
    assert run([command, "--version"], work) == f"gelugen {gelugen.__version__}\n"
    assert run([python, "-m", "gelugen", "--version"], work) == f"gelugen {gelugen.__version__}\n"

    run([command, "generate", "--function", "gelu", "--input", "q3.4", "--output", "q3.4", "-o", "out"], work)
    (folder,) = (work / "out").iterdir()
    result = json.loads(run([command, "verify", "--json", "--with", "cc,icarus", f"out/{folder.name}"], work))
    assert result["passed"] is True
    (verdicts,) = result["designs"].values()
    for tool in ("gcc", "iverilog"):
        ours = [each for each in verdicts if each["tool"].startswith(tool)]
        assert ours
        assert all((each["status"], each["checked"], each["mismatches"]) == ("pass", 256, 0) for each in ours)


@pytest.mark.slow
def test_the_archives_are_fit_to_be_published(tmp_path: Path) -> None:
    pytest.importorskip("build")
    pytest.importorskip("twine")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path / "dist", CHECKOUT], tmp_path)
    made = sorted((tmp_path / "dist").iterdir())  # the wheel is made from the source archive
    assert [each.name for each in made] == [
        f"gelugen-{gelugen.__version__}-py3-none-any.whl",
        f"gelugen-{gelugen.__version__}.tar.gz",
    ]
    said = run([sys.executable, "-m", "twine", "check", "--strict", *made], tmp_path)
    assert said.count("PASSED") == 2
    with zipfile.ZipFile(made[0]) as archive:
        assert {"gelugen/py.typed", "gelugen/templates/c/header.h.j2"} <= set(archive.namelist())
