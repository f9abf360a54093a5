"""A table file that is missing, short, long or damaged stops the simulation with one clear message."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from gelugen.design import Design
from gelugen.emit import emit
from gelugen.search import build
from gelugen.spec import Spec, Target
from gelugen.verify.icarus import check_icarus

NAME = "from_file"


@dataclass(frozen=True)
class Emitted:
    """A design whose table stands in a file, and its texts by file name."""

    design: Design
    files: dict[str, str]

    @property
    def depth(self) -> int:
        """Words of the memory: those of the table, filled up."""
        (depth,) = re.findall(r"reg \[7:0\] rom \[0:(\d+)\];", self.files[f"{NAME}.v"])
        return int(depth) + 1

    def write(self, folder: Path, mem: str | None) -> Path:
        """The files in a folder with another table file, or with none."""
        texts = {**self.files, f"{NAME}.mem": mem}
        for name, text in texts.items():
            if text is not None:
                (folder / name).write_text(text)
        return folder


@cache
def emitted() -> Emitted:
    design = build(Spec("gelu", "q3.10", "q3.4", "correct", architecture="table"))
    return Emitted(design, emit(design, Target(NAME)))


@pytest.fixture
def table() -> Emitted:
    assert "$readmemh(" in emitted().files[f"{NAME}.v"]
    return emitted()


def words(text: str) -> list[str]:
    """The tokens of a .mem file without its title: addresses and words."""
    return text.partition("\n")[2].split()


def with_words(text: str, change: Callable[[list[str]], list[str]]) -> str:
    return text.partition("\n")[0] + "\n" + "\n".join(change(words(text))) + "\n"


def with_token(number: int, token: str) -> Callable[[str], str]:
    return lambda text: with_words(text, lambda old: [*old[:number], token, *old[number + 1 :]])


DAMAGES = {
    "missing": lambda _: None,
    "empty": lambda _: "",
    "title only": lambda text: text.partition("\n")[0] + "\n",
    "cut in the middle": lambda text: text[: len(text) // 2],
    "one word short": lambda text: with_words(text, lambda old: old[:-1]),
    "one word long": lambda text: with_words(text, lambda old: [*old, old[-1]]),
    "twice as long": lambda text: with_words(text, lambda old: [*old, *old[1:]]),
    "a word of x": with_token(9, "xx"),
    "a digit of x": with_token(9, "0x"),
    "a digit of z": with_token(9, "z0"),
    "the last word of x": with_token(-2, "xx"),
    "no hexadecimal": with_token(9, "word"),
    "a word too wide": with_token(9, "fff"),
    "an address in between": with_token(9, "@20"),
}


@pytest.mark.needs("icarus")
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_file_stops_the_simulation(table: Emitted, damage: str, tmp_path: Path) -> None:
    """Before the first clock, whatever the bench: the word that fails is named, and no verdict is printed."""
    good = table.files[f"{NAME}.mem"]
    text = DAMAGES[damage](good)
    assert text != good
    ran = simulate(table.write(tmp_path, text))
    errors = [line for line in ran.splitlines() if line.startswith("ERROR: tb.")]
    assert len(errors) == 1, ran
    assert f"{NAME}.mem" in errors[0]
    assert f"the table has {table.depth} words of {table.design.terms[0].width} bits" in errors[0]
    if damage.endswith("long"):
        assert "is too long" in errors[0]
    else:
        missing = {"one word short": table.depth - 1, "the last word of x": table.depth - 2}
        number = int(re.search(r"has no good word (\d+);", errors[0])[1])
        if damage == "cut in the middle":
            assert 0 < number < table.depth
        else:
            first = 0 if damage in ("missing", "empty", "title only") else 8
            assert number == missing.get(damage, first)
    assert "still running" not in ran


@pytest.mark.needs("icarus")
def test_a_good_table_file_is_read_in_silence(table: Emitted, tmp_path: Path) -> None:
    assert simulate(table.write(tmp_path, table.files[f"{NAME}.mem"])) == "still running\n"


@pytest.mark.needs("icarus")
@pytest.mark.parametrize("damage", ["missing", "one word short", "one word long", "a word of x"])
def test_the_verdict_says_what_is_wrong_with_the_file(table: Emitted, damage: str, tmp_path: Path) -> None:
    folder = table.write(tmp_path, DAMAGES[damage](table.files[f"{NAME}.mem"]))
    for verdict in check_icarus(folder, NAME, table.design):
        assert (verdict.status, verdict.checked) == ("fail", 0)
        assert f"{NAME}.mem" in verdict.note


def simulate(folder: Path) -> str:
    """What Icarus prints under a bench that only instantiates the module and waits."""
    source = (folder / f"{NAME}.v").read_text()
    inputs = [each for each in ("clk", "rst", "in_valid", "in_data") if re.search(rf"input[^;]*\b{each}\b", source)]
    ports = ", ".join(f".{each}({each})" for each in inputs)
    (folder / "tb.v").write_text(
        "`timescale 1ns/1ns\nmodule tb;\n"
        "    reg clk = 0, rst = 1, in_valid = 0;\n"
        f"    reg [{table_input_bits() - 1}:0] in_data = 0;\n"
        f"    {NAME} dut ({ports});\n"
        '    initial #1 $display("still running");\n'
        "endmodule\n"
    )
    build = ["iverilog", "-g2001", "-o", "tb.vvp", "tb.v", f"{NAME}.v"]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)
    ran = subprocess.run(["vvp", "-n", "tb.vvp"], cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout + ran.stderr


def table_input_bits() -> int:
    return emitted().design.spec.input.bits
