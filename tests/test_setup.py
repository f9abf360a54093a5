"""What a machine that is not ready yet gets: one sentence, and an exit code."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
SETUP = CHECKOUT / "scripts" / "setup.sh"


def old_pythons() -> list[str]:
    """Interpreters older than 3.11 that this machine has, one a version."""
    found = {}
    for minor in range(6, 11):
        homes = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3"))
        for each in [*map(str, homes), shutil.which(f"python3.{minor}")]:
            # pyenv's shims are there for versions that are not chosen, and fail
            if each and subprocess.run([each, "-c", ""], capture_output=True, check=False).returncode == 0:
                found.setdefault(minor, each)
    return list(found.values())


def test_old_python_is_told_in_one_sentence() -> None:
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python older than 3.11 is here")
    for python in pythons:
        done = subprocess.run(
            [python, "-B", "-m", "gelugen", "--help"], cwd=CHECKOUT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2, python
        assert done.stdout == ""
        assert done.stderr.startswith("gelugen: needs Python 3.11")
        assert done.stderr.count("\n") == 1


def test_package_opens_in_syntax_that_old_pythons_read() -> None:
    ast.parse((CHECKOUT / "gelugen" / "__init__.py").read_text(), feature_version=(3, 7))


# -- scripts/setup.sh refuses --------------------------------------------------------------------------------


EXTRAS = "yosys nextpnr-ice40 g++ make perl cppcheck gcc-arm-none-eabi qemu-system-arm"
"""What apt-get calls all that gelugen can do without, but for the cores of --all."""


class Machine:
    """A copy of the script on a machine that has only the commands in ``bin``."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.bin = home / "bin"
        self.bin.mkdir()
        (home / "scripts").mkdir()
        shutil.copy(SETUP, home / "scripts")
        (home / "pyproject.toml").write_text("")
        for name in ("cat", "cksum", "env", "grep", "head", "mktemp", "rm", "sed", "tr"):
            self.add(name, f'exec {shutil.which(name)} "$@"')
        self.add("uname", "echo Linux")
        self.add("id", "echo 1000")

    def add(self, name: str, script: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def runs(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script with some words behind it."""
        shell = shutil.which("sh")
        assert shell
        return subprocess.run(
            [shell, "scripts/setup.sh", *words],
            cwd=self.home,
            env={"PATH": str(self.bin), "HOME": str(self.home), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def has_all_that_it_must(self) -> dict[str, str]:
        """Add what gelugen cannot do without; the Python fails once it has to make .venv. Gives the environment."""
        for name in ("iverilog", "vvp", "gcc"):
            self.add(name, "exit 0")
        self.add("python", 'case $1 in -) ;; -c) echo 3.12 ;; *) echo "no $2 here" >&2; exit 1 ;; esac')
        return {"PYTHON": str(self.bin / "python")}

    def refuses(self, code: int = 2) -> str:
        """Run the script, which has to refuse and to leave no .venv; gives the one sentence that it says."""
        done = self.runs()
        assert done.returncode == code, done.stderr
        assert not (self.home / ".venv").exists()
        assert done.stderr.startswith("setup: ")
        assert done.stderr.count("\n") == 1
        return done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_setup_without_apt_get_says_what_is_missing(machine: Machine) -> None:
    said = machine.refuses()
    assert "Icarus Verilog, gcc with stdint.h" in said
    assert "no apt-get here" in said


def test_setup_on_macos_says_what_to_run(machine: Machine) -> None:
    machine.add("uname", "echo Darwin")
    machine.add("apt-get", "echo apt-get must not run >&2; exit 1")
    said = machine.refuses()
    assert "Icarus Verilog" in said
    assert "brew install icarus-verilog python yosys nextpnr-ice40 cppcheck arm-none-eabi-gcc qemu'" in said
    assert "xcode-select --install" in said


def test_setup_without_rights_says_the_command(machine: Machine) -> None:
    machine.add("apt-get", "echo apt-get must not run >&2; exit 1")
    machine.add("sudo", "exit 1")
    said = machine.refuses()
    assert "as root run 'apt-get update' and 'apt-get install --no-install-recommends" in said
    assert f"iverilog gcc libc6-dev {EXTRAS}'" in said


@pytest.mark.skipif(sys.platform == "darwin", reason="there apt-get does not count")
def test_setup_names_what_apt_get_could_not_bring(machine: Machine) -> None:
    machine.add("id", "echo 0")
    machine.add("apt-get", f'echo "$@" >>{machine.home}/asked')
    machine.add("apt-cache", '[ "$2" != nextpnr-ice40 ]')  # this one is not known here
    said = machine.refuses(code=1)
    assert "still missing after the installation: " in said
    update, install = (machine.home / "asked").read_text().splitlines()
    assert update.endswith("update")
    assert "--no-install-recommends" in install
    assert install.endswith("iverilog gcc libc6-dev " + EXTRAS.replace("nextpnr-ice40 ", ""))


WANTED = "Yosys, nextpnr-ice40, g++, make, Perl, cppcheck, gcc for Arm, QEMU for Arm"
WITHOUT = f"setup: without {WANTED}, what needs it is left out"


@pytest.mark.parametrize(
    ("system", "hint"),
    [("Linux", "; to have it, there is no apt-get here"), ("Darwin", "; to have it, run 'brew install icarus-verilog")],
)
def test_setup_goes_on_without_what_only_synthesis_needs(machine: Machine, system: str, hint: str) -> None:
    environment = machine.has_all_that_it_must()
    machine.add("uname", f"echo {system}")
    done = machine.runs(**environment)
    assert WITHOUT + hint in done.stdout
    assert "making .venv with Python 3.12" in done.stdout
    assert done.returncode == 1
    assert done.stderr == "no venv here\nsetup: failed: making .venv with Python 3.12\n"


@pytest.mark.skipif(sys.platform == "darwin", reason="there apt-get does not count")
def test_setup_brings_what_only_synthesis_needs(machine: Machine) -> None:
    environment = machine.has_all_that_it_must()
    machine.add("id", "echo 0")
    machine.add("apt-cache", "exit 0")
    brought = "\n".join(
        f"printf '#!{machine.bin}/env true\\n' >{machine.bin}/{name}; {machine.bin}/chmod +x {machine.bin}/{name}"
        for name in EXTRAS.replace("gcc-arm-none-eabi", "arm-none-eabi-gcc").split()
    )
    machine.add("chmod", f'exec {shutil.which("chmod")} "$@"')
    machine.add("true", "exit 0")
    machine.add("apt-get", f'echo "$@" >>{machine.home}/asked\ncase "$*" in *install*) {brought} ;; esac')
    done = machine.runs(**environment)
    assert f"missing: {WANTED}\n" in done.stdout
    assert "without" not in done.stdout
    assert (machine.home / "asked").read_text().splitlines()[1].endswith(f" {EXTRAS}")
    assert done.returncode == 1
    assert "setup: failed: making .venv" in done.stderr


@pytest.mark.skipif(sys.platform == "darwin", reason="there apt-get does not count")
def test_setup_of_every_core_brings_riscv_and_avr_too(machine: Machine) -> None:
    environment = machine.has_all_that_it_must()
    machine.add("id", "echo 0")
    machine.add("apt-cache", "exit 0")
    machine.add("apt-get", f'echo "$@" >>{machine.home}/asked')
    machine.add("riscv64-unknown-elf-gcc", "exit 0")
    done = machine.runs("--all", **environment)
    wanted = f"{WANTED}, gcc for AVR, QEMU for RISC-V, QEMU for AVR"
    assert f"missing: {wanted}\n" in done.stdout
    assert f"setup: without {wanted}, what needs it is left out\n" in done.stdout
    assert (machine.home / "asked").read_text().splitlines()[1].endswith(f" {EXTRAS} gcc-avr qemu-system-misc")


def test_setup_refuses_an_option_that_it_does_not_have(machine: Machine) -> None:
    done = machine.runs("--every")
    assert (done.returncode, done.stderr) == (2, "setup: the only option is --all, not '--every'\n")


def test_scripts_are_executable() -> None:
    assert os.access(SETUP, os.X_OK)
    assert os.access(CHECKOUT / ".ci" / "run", os.X_OK)
