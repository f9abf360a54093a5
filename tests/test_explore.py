"""``gelugen explore``: what it ranks, what it writes, and that no finished result is lost."""

import csv
import json
import os
import pty
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

import gelugen
from gelugen.aims import Luts
from gelugen.architectures import ARCHITECTURES, get_architecture
from gelugen.cli import main
from gelugen.cores.objective import least_on_core
from gelugen.errors import GelugenError
from gelugen.explore import COLUMNS, case, explore, from_toml, kept, parallel
from gelugen.explore.ranking import ranked
from gelugen.explore.results import Found, Result, identity, task_key
from gelugen.explore.tasks import Task, work
from gelugen.fit import designs
from gelugen.golden import golden
from gelugen.objectives import Figures, Objective
from gelugen.pipeline import latency, multipliers
from gelugen.report import plot_front
from gelugen.search import build, of_degree
from gelugen.spec import Spec, Target, spec_hash
from gelugen.synthesis import Resources
from gelugen.synthesis.objective import competing_in_luts
from gelugen.synthesis.objective import task as lookup_task
from gelugen.synthesis.tasks import work as synthesized
from gelugen.synthesis.yosys import Yosys

FIELDS = {"function": "gelu", "input": "q2.2", "output": "q2.2"}
FLAGS = ["--function", "gelu", "--input", "q2.2", "--output", "q2.2"]
PLAIN = ["explore", *FLAGS, "--no-multiplier"]
MEASURED = (
    *("luts", "inverters", "carry", "wide_muxes", "flip_flops", "block_rams", "dsps", "style"),
    *("instructions", "code_bytes", "table_bytes", "estimated", "counted_by"),
)
TASKS = 6  # of PLAIN: table, residual-table, residual-sum-of-tables, three residual constants


@pytest.fixture(autouse=True)
def away(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def worked(monkeypatch):
    """The architectures of the tasks that were done, rather than taken from the kept results."""
    done = []

    def watched(task):
        done.append(task.architecture)
        return work(task)

    monkeypatch.setattr(parallel, "work", watched)
    return done


def told(capsys, words, code=0):
    """What ``--json`` prints, without the seconds, which are never the same."""
    assert main([*words, "--json"]) == code
    data = json.loads(capsys.readouterr().out)
    for row in data["designs"]:
        assert row.pop("seconds") >= 0
    return data


def results(path="build/explore/results.jsonl"):
    return Path(path).read_bytes()


# -- what it ranks -------------------------------------------------------------------------------------------


def test_a_row_says_what_its_design_is(capsys):
    """Every design of the architecture's degree has a row, and every figure in it is the design's own."""
    names = ["table", "residual-free-constant", "residual-uniform-linear"]
    words = ["explore", *FLAGS, "--architecture", ",".join(names), "--objective", "rom-bits+2*latency", "--jobs", "1"]
    rows = told(capsys, words)["designs"]
    spec = Spec(**FIELDS, objective="rom-bits+2*latency")
    expected = []
    for name in names:
        architecture = get_architecture(name)
        for design in of_degree(architecture, designs(spec, golden(spec), architecture, lambda _: None)):
            accuracy = gelugen.measure(design)
            expected.append(
                {
                    **FIELDS,
                    "guarantee": "correct",
                    "architecture": name,
                    "segments": max(term.depth for term in design.terms),
                    "rom_bits": design.rom_bits,
                    "multipliers": [list(pair) for pair in multipliers(design)],
                    "multiplier_bits": sum(one * two for one, two in multipliers(design)),
                    **dict.fromkeys(MEASURED),
                    "cost": Objective.parse(spec.objective)(design),
                    "max_ulp": accuracy.max_ulp,
                    "mean_ulp": accuracy.mean_ulp,
                    "correctly_rounded": accuracy.correctly_rounded,
                    "latency": latency(design),
                }
            )
    assert len(expected) >= len(names)
    found = [{key: value for key, value in row.items() if key not in ("rank", "pareto")} for row in rows]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_rows_stand_by_cost_and_the_first_is_what_generate_makes(capsys):
    rows = told(capsys, PLAIN)["designs"]
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    costs = [row["cost"] for row in rows]
    assert costs == sorted(costs)
    best = build(Spec(**FIELDS, exclude="multiplier"))
    assert (rows[0]["architecture"], rows[0]["rom_bits"]) == (best.architecture, best.rom_bits)


def test_without_a_multiplier_nothing_multiplies(capsys):
    data = told(capsys, PLAIN)
    names = {each["architecture"] for each in data["designs"] + data["refused"]}
    assert len(names) == TASKS
    assert {ARCHITECTURES[name].degree for name in names} == {0}
    assert [row["multipliers"] for row in data["designs"]] == [[]] * len(data["designs"])


def made_up(asked, **found):
    """Results as a task might give them: architecture = (ROM bits, multipliers, latency, max ulp)."""
    every = {}
    for name in asked.architectures:
        figures = [Found(4, rom, pairs, clocks, ulp, ulp / 2, 1.0) for rom, pairs, clocks, ulp in found.get(name, [])]
        key = task_key(asked.spec, name)
        every[key] = Result(key, name, identity(), 1.0, tuple(figures), "" if figures else "none", "")
    return every


TIED = {
    "uniform-linear": [(10, ((2, 5),), 4, 0.9), (12, ((2, 4),), 4, 0.8)],
    "free-constant": [(20, (), 3, 0.9)],
    "table": [(31, (), 1, 0.5)],
    "dyadic-constant": [(25, (), 3, 0.95)],
}


@pytest.mark.parametrize(
    ("objective", "order"),
    [
        ("balanced", "free-constant 20, uniform-linear 20, uniform-linear 20, dyadic-constant 25, table 31"),
        ("rom-bits", "uniform-linear 10, uniform-linear 12, free-constant 20, dyadic-constant 25, table 31"),
        ("multiplier-bits", "free-constant 0, dyadic-constant 0, table 0, uniform-linear 8, uniform-linear 10"),
        ("latency", "table 1, free-constant 3, dyadic-constant 3, uniform-linear 4, uniform-linear 4"),
        (
            "rom-bits+0.5*multiplier-bits",
            "uniform-linear 15, uniform-linear 16, free-constant 20, dyadic-constant 25, table 31",
        ),
    ],
)
def test_of_equal_cost_the_simpler_one_comes_first(objective, order):
    """Where ROM bits cost nothing, first the one with fewer of them."""
    asked = case({**FIELDS, "objective": objective}, list(TIED))
    rows = ranked([asked], made_up(asked, **TIED)).rows
    assert ", ".join(f"{row.architecture} {row.cost:g}" for row in rows) == order


def test_the_front_is_what_no_other_design_beats():
    """Against the definition, on random figures: several guarantees of the same formats share one front."""
    numbers = random.Random(3)  # noqa: S311 -- nothing secret
    for _ in range(30):
        cases = [case({**FIELDS, "guarantee": each}, ["table", "free-constant"]) for each in ("faithful", "ulp:2")]
        every = {}
        for each in cases:
            figures = {
                name: [(numbers.randrange(8), (), 1, numbers.randrange(1, 8) / 4) for _ in range(5)]
                for name in each.architectures
            }
            every |= made_up(each, **figures)
        rows = ranked(cases, every).rows
        points = [(row.size, row.found.max_ulp) for row in rows]
        unbeaten = {one for one in points if not any(a <= one[0] and b <= one[1] and (a, b) != one for a, b in points)}
        marked = [point for row, point in zip(rows, points, strict=True) if row.pareto]
        assert sorted(marked) == sorted(unbeaten)  # equal ones are marked once


def test_other_formats_have_a_front_of_their_own():
    cases = [case({**FIELDS, "output": each}, ["table"]) for each in ("q2.2", "q1.3")]
    every = made_up(cases[0], table=[(10, (), 1, 0.5)]) | made_up(cases[1], table=[(20, (), 1, 0.9)])
    assert [row.pareto for row in ranked(cases, every).rows] == [True, True]


# -- lookup tables -------------------------------------------------------------------------------------------

LUTS = ["explore", *FLAGS, "--architecture", "table,residual-table", "--objective", "luts:ice40"]


@pytest.mark.needs("yosys")
def test_lookup_tables_are_measured_ranked_and_kept(capsys, worked):
    data = told(capsys, [*LUTS, "--jobs", "1"])
    rows = data["designs"]
    assert [row["cost"] for row in rows] == sorted(row["luts"] for row in rows)
    assert {row["style"] for row in rows if row["architecture"] == "table"} == {"plain"}
    assert {row["architecture"] for row in rows} == {"table", "residual-table"}
    spec = Spec(**FIELDS, architecture="table", objective="luts:ice40")
    table = next(row for row in rows if row["architecture"] == "table")
    (design,) = designs(spec, golden(spec), get_architecture("table"), lambda _: None)
    again = synthesized(lookup_task(design, Luts("ice40"), "plain")).resources
    assert {name: table[name] for name in again.to_json()} == again.to_json()
    assert len(worked) == 2
    assert told(capsys, [*LUTS, "--jobs", "2"]) == data
    assert len(worked) == 2  # all of it was kept
    assert main(LUTS) == 0
    said = capsys.readouterr().out
    assert "LUTs" in said
    assert "DSP" not in said
    assert told(capsys, [*LUTS, "--jobs", "2", "--results", "fresh.jsonl"]) == data


def test_what_is_kept_of_lookup_tables_goes_by_family_blocks_and_version(monkeypatch):
    keys = set()
    for version in ("0.23", "0.70"):
        monkeypatch.setattr("gelugen.explore.results.find", lambda version=version: Yosys("yosys", version))
        for objective in ("luts:ice40", "luts:xc7", "luts:xc7+dsp", "luts:xc7+bram", "luts:xc7+dsp+bram"):
            keys.add(task_key(Spec(**FIELDS, objective=objective), "table"))
    assert len(keys) == 10
    assert task_key(Spec(**FIELDS), "table") not in keys


def test_a_measured_result_is_read_as_it_was_written():
    measured = Found(4, 30, ((2, 5),), 4, 0.9, 0.4, 1.0, Resources(7, 0, 3, 1, 2, 1, 5), "xc7")
    for found in ((measured,), (replace(measured, resources=None, style=""),)):
        result = Result("key", "table", identity(), 1.0, found)
        assert Result.from_line(result.line().encode()) == result
    assert '"resources"' not in result.line()
    for damage in ({"style": "xc9"}, {"resources": {"luts": 1}}, {"resources": None}):
        data = json.loads(Result("key", "table", identity(), 1.0, (measured,)).line())
        del data["sha256"]
        data["found"][0] |= damage
        with pytest.raises((KeyError, TypeError, ValueError)):
            Result.from_line(json.dumps({**data, "sha256": spec_hash(data)}).encode())


@pytest.mark.parametrize(("objective", "order"), [("luts:xc7", "10 12 15"), ("luts:xc7+dsp+bram", "15 32 50")])
def test_blocks_cost_some_lookup_tables(monkeypatch, objective, order):
    find = lambda: Yosys("yosys", "0.23")  # noqa: E731
    monkeypatch.setattr("gelugen.explore.results.find", find)
    monkeypatch.setattr("gelugen.explore.grid.find", find)
    asked = case({**FIELDS, "objective": objective}, ["table"])
    blocks = "+" in objective
    figures = [
        Found(4, 99, (), 1, ulp, 0.1, 1.0, Resources(luts, dsps=dsps * blocks, block_rams=brams * blocks), "xc7")
        for luts, dsps, brams, ulp in ((10, 0, 1, 0.4), (12, 1, 0, 0.3), (15, 0, 0, 0.3))
    ]
    key = task_key(asked.spec, "table")
    rows = ranked([asked], {key: Result(key, "table", identity(), 1.0, tuple(figures))}).rows
    assert " ".join(f"{row.cost:g}" for row in rows) == order
    assert [row.size for row in rows if row.pareto] == ([15] if blocks else [10, 12])


def test_without_yosys_lookup_tables_are_refused_in_a_sentence(capsys, monkeypatch):
    monkeypatch.setenv("GELUGEN_YOSYS", "no-such-yosys")
    assert main(LUTS) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "no-such-yosys" in said.err
    assert not list(Path().iterdir())


@pytest.mark.needs("yosys")
def test_a_worker_with_another_yosys_is_refused():
    task = Task.of(Spec(**FIELDS, objective="luts:ice40"), "table")
    with pytest.raises(GelugenError, match=r"a worker counts by Yosys .*, and this machine by Yosys 9\.99: install"):
        work(replace(task, by="Yosys 9.99"))


def test_digits_compete_for_lookup_tables_unless_they_are_left_out():
    spec = Spec(**FIELDS, objective="luts:ecp5+dsp", exclude="dyadic-digit-linear")
    names = [each.name for each in competing_in_luts(spec)]
    assert {"table", "residual-table", "uniform-linear", "residual-uniform-digit-linear"} <= set(names)
    assert not {"uniform-digit-linear", "residual-dyadic-digit-linear"} & set(names)


@pytest.mark.needs("yosys")
def test_what_is_far_too_large_is_not_measured(capsys):
    words = ["explore", "--function", "gelu", "--input", "q3.8", "--output", "q3.8", "--architecture", "table"]
    assert main([*words, "--objective", "luts:ice40", "--jobs", "1"]) == 2
    said = capsys.readouterr().err
    assert "no candidate of at most 2048 lookup tables by a rough count" in said
    assert said.count("\n") == 1


# -- on a core -----------------------------------------------------------------------------------------------

ON_M4 = ["explore", *FLAGS, "--architecture", "table,residual-table,uniform-code-quadratic", "--objective"]


@pytest.mark.needs("arm-gcc", "qemu-arm")
@pytest.mark.parametrize("kind", ["instructions", "flash"])
def test_what_takes_least_on_a_core_is_measured_ranked_and_kept(capsys, worked, kind):
    words = [*ON_M4, f"{kind}:cortex-m4", "--jobs", "1"]
    data = told(capsys, words)
    rows = data["designs"]
    assert {row["architecture"] for row in rows} == {"table", "residual-table", "uniform-code-quadratic"}
    for row in rows:
        assert row["cost"] == (
            row["instructions"] if kind == "instructions" else row["code_bytes"] + row["table_bytes"]
        )
        assert row["estimated"] is False
        assert row["counted_by"].startswith("gcc ")
        assert ("under QEMU " in row["counted_by"]) == (kind == "instructions")
        assert row["luts"] is row["style"] is None
    costs = [row["cost"] for row in rows]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]
    spec = Spec(**FIELDS, architecture="residual-table", objective=f"{kind}:cortex-m4")
    chosen = least_on_core(spec, Target("again"), jobs=1).figures
    row = next(each for each in rows if each["architecture"] == "residual-table")
    assert {name: row[name] for name in chosen.counts} == dict(chosen.counts)
    assert row["counted_by"] == chosen.by
    assert len(worked) == 3
    assert told(capsys, words) == data
    assert len(worked) == 3  # all of it was kept
    assert main(words) == 0
    assert f"by {kind}:cortex-m4, measured by gcc " in capsys.readouterr().out


def test_without_a_toolchain_what_a_core_takes_is_estimated_and_says_so(capsys, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    words = [*ON_M4, "instructions:cortex-m4", "--flash", "20", "--jobs", "1"]
    assert main([*words, "--plot", "front.svg"]) == 0
    said = capsys.readouterr()
    assert ", by instructions:cortex-m4, an estimate from the design\n" in said.out
    assert "instructions:cortex-m4 is estimated: arm-none-eabi-gcc and qemu-system-arm are missing" in said.err
    assert "not feasible: table: flash 20 is too small: " in said.out
    assert "instructions an element on cortex-m4, estimated" in Path("front.svg").read_text()
    rows = told(capsys, words)["designs"]
    assert all(row["estimated"] is True and row["table_bytes"] <= 20 for row in rows)
    assert [row["cost"] for row in rows] == sorted(row["instructions"] for row in rows)


def test_polynomials_in_the_code_compete_on_a_core_unless_they_are_left_out():
    asked = case({**FIELDS, "objective": "instructions:cortex-m4", "exclude": "residual-uniform-code-linear"})
    assert {"table", "residual-table", "uniform-code-quadratic"} <= set(asked.architectures)
    assert not {"residual-uniform-code-linear", "uniform-digit-linear"} & set(asked.architectures)
    assert (
        "residual-uniform-code-linear"
        not in case({**FIELDS, "function": "tanh", "objective": "flash:avr"}).architectures
    )
    text = '[grid]\nfunction = "gelu"\nformats = "q2.2"\nobjective = "flash:avr"\nflash = 9\n'
    (grid,) = from_toml(text, "grid.toml")
    assert (grid.spec.objective, grid.spec.flash) == ("flash:avr", 9)


def test_what_is_kept_of_a_core_goes_by_core_kind_budget_and_tools(monkeypatch):
    names = ("instructions:cortex-m4", "instructions:cortex-m7", "flash:cortex-m4")
    keys = {task_key(Spec(**FIELDS), "table")}
    for by in ("gcc 12.2.1 -O2", "gcc 13.1.0 -O2"):
        monkeypatch.setattr("gelugen.explore.results.counted_by", lambda asked, by=by: f"{by} {asked.kind}")
        keys |= {task_key(Spec(**FIELDS, objective=name, flash=most), "table") for name in names for most in (None, 9)}
    assert len(keys) == 13


def test_a_result_of_a_core_is_read_as_it_was_written():
    figures = Figures("flash:avr", "avr", {"code_bytes": 90, "table_bytes": 7}, "gcc 5.4.0 -O2", 1, 2)
    found = Found(4, 30, ((2, 5),), 4, 0.9, 0.4, 1.0, figures=figures)
    result = Result("key", "table", identity(), 1.0, (found,))
    assert Result.from_line(result.line().encode()) == result
    data = json.loads(result.line())
    del data["sha256"]
    data["found"][0]["figures"]["code_bytes"] = "many"
    with pytest.raises((KeyError, TypeError, ValueError, GelugenError)):
        Result.from_line(json.dumps({**data, "sha256": spec_hash(data)}).encode())


# -- what it writes ------------------------------------------------------------------------------------------


def test_csv_and_json_say_the_same(capsys):
    words = ["explore", *FLAGS, "--architecture", "table,residual-uniform-linear", "--csv", "all.csv", "--jobs", "1"]
    assert main([*words, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    lines = list(csv.DictReader(Path("all.csv").read_text().splitlines()))
    assert list(lines[0]) == list(COLUMNS)
    for line, row in zip(lines, data["designs"], strict=True):
        shown = {key: "" if value is None else str(value) for key, value in row.items()}
        assert line == {**shown, "multipliers": " ".join(f"{one}x{two}" for one, two in row["multipliers"])}
    assert any("x" in line["multipliers"] for line in lines)


def test_everything_goes_to_one_folder_and_is_said(capsys):
    assert main([*PLAIN, "--jobs", "1", "--top", "2"]) == 0
    said = capsys.readouterr()
    assert sorted(path.name for path in Path("build/explore").iterdir()) == [
        "designs.csv",
        "pareto.png",
        "results.jsonl",
    ]
    picture = results("build/explore/pareto.png")
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000
    assert said.err == ""  # nobody looks at a file
    rows = [line.split() for line in said.out.splitlines() if line.split()[:1] in (["1"], ["2"], ["3"])]
    assert [row[0] for row in rows] == ["1", "2"]
    assert "gelu, q2.2 to q2.2, correct, by balanced" in said.out
    assert "more rows: --top" in said.out


def test_in_the_picture_digits_are_told_from_polynomials_and_constants(monkeypatch):
    figures = []
    monkeypatch.setattr("gelugen.report.front.save", lambda figure, path: figures.append(figure))  # noqa: ARG005
    names = ["residual-uniform-constant", "residual-uniform-linear", "residual-uniform-digit-linear"]
    asked = case(FIELDS, names)
    points = [(20, (), 3, 0.5), (30, (), 3, 0.4), (40, (), 3, 0.3)]
    plot_front(ranked([asked], made_up(asked, **{n: [p] for n, p in zip(names, points, strict=True)})), Path("x.png"))
    (figure,) = figures
    colours = {each.get_label(): each.get_color() for each in figure.legends[0].legend_handles}
    assert {"constant (degree 0)", "linear (degree 1)", "linear, in digits"} <= set(colours)
    assert "quadratic, in digits" not in colours
    drawn = {line.get_xdata()[0]: line.get_color() for line in figure.axes[0].lines if len(line.get_xdata()) == 1}
    assert drawn == {
        20: colours["constant (degree 0)"],
        30: colours["linear (degree 1)"],
        40: colours["linear, in digits"],
    }
    assert len(set(drawn.values())) == 3


def test_without_matplotlib_the_rest_is_there(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    words = ["explore", *FLAGS, "--architecture", "table", "--jobs", "1"]
    assert main(words) == 0
    assert sorted(path.name for path in Path("build/explore").iterdir()) == ["designs.csv", "results.jsonl"]
    assert main([*words, "--plot", "front.png"]) == 2
    assert "--plot needs matplotlib" in capsys.readouterr().err


def test_a_terminal_sees_progress_and_a_script_does_not():
    for words, seen in (([*PLAIN, "--jobs", "1"], True), ([*PLAIN, "--jobs", "1", "--json"], False)):
        shutil.rmtree("build", ignore_errors=True)
        said = on_terminal(words)
        assert (f"{TASKS}/{TASKS}" in said and "tasks" in said) == seen, said
        assert seen or not said


def test_generate_names_what_it_searches():
    said = on_terminal(["generate", *FLAGS, "--no-multiplier"])
    assert "gelu_q2_2_correct_no_multiplier (1 of 1): searching" in said
    assert "searching residual-" in said


def on_terminal(words):
    """What a terminal that is connected to the command's stderr shows."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(
        [sys.executable, "-m", "gelugen", *words], stdout=subprocess.DEVNULL, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:  # the other end is closed
            pass
        os.close(ours)
    assert process.returncode == 0
    return shown.decode()


# -- what is asked -------------------------------------------------------------------------------------------

GRID = """
[grid]
function = ["gelu", "gelu_tanh"]
formats = ["q2.2", { input = "q2.2", output = { bits = 5, signed = true, scale = 0.125, zero_point = 0 } }]
guarantee = ["correct", "ulp:2"]
architecture = ["table", "residual-table"]
objective = "rom-bits"
"""


def test_a_grid_is_the_product_of_its_lists(capsys):
    cases = from_toml(GRID, "grid.toml")
    assert [(each.spec.function, str(each.spec.output), str(each.spec.guarantee)) for each in cases] == [
        (function, output, guarantee)
        for function in ("gelu", "gelu_tanh")
        for output in ("q2.2", "q1.3")
        for guarantee in ("correct", "ulp:2")
    ]
    assert {each.architectures for each in cases} == {("table", "residual-table")}
    assert {each.spec.objective for each in cases} == {"rom-bits"}
    Path("grid.toml").write_text(GRID)
    rows = told(capsys, ["explore", "grid.toml", "--jobs", "1"])["designs"]
    assert len(rows) == 16
    assert [row["rank"] for row in rows] == [1, 2] * 8
    table = {row["rom_bits"] for row in rows if row["architecture"] == "table" and row["guarantee"] == "correct"}
    assert max(table) > 100


def test_one_value_needs_no_list():
    (one,) = from_toml('[grid]\nfunction = "gelu"\nformats = "q2.2"\nexclude = "multiplier"\n', "grid.toml")
    assert one == case({**FIELDS, "exclude": "multiplier"})
    assert from_toml('[grid]\nfunction = ["gelu", "gelu"]\nformats = "q2.2"\nexclude = "multiplier"\n', "") == [one]


GOOD = 'function = "gelu"\nformats = "q2.2"\n'
BAD_GRIDS = {
    "no TOML": ("[grid\n", "is not TOML"),
    "no grid": ("", "holds no grid"),
    "grid is no table": ("grid = 3\n", "holds no grid"),
    "a design": ("[design.act]\n", "unknown key 'design'"),
    "unknown key": (f"[grid]\n{GOOD}guarantees = []\n", "[grid]: key 'guarantees' is not known"),
    "minimise": (f'[grid]\n{GOOD}minimise = "mse"\n', "key 'minimise' is not known"),
    "missing key": ('[grid]\nfunction = "gelu"\n', "key 'formats' is missing"),
    "empty list": ("[grid]\nfunction = []\nformats = []\n", "function is an empty list"),
    "empty exclude": (f"[grid]\n{GOOD}exclude = []\n", "exclude is an empty list"),
    "wrong type": (f"[grid]\n{GOOD}guarantee = [1]\n", "guarantee 1 must be text"),
    "half a format": (
        '[grid]\nfunction = "gelu"\nformats = [{ input = "q2.2" }]\n',
        "formats {'input': 'q2.2'} must be",
    ),
    "bad format": ('[grid]\nfunction = "gelu"\nformats = ["q2"]\n', "'q2' is not known"),
    "bad objective": (f"[grid]\n{GOOD}objective = [1]\n", "objective [1] is not known"),
    "bad architecture": (f'[grid]\n{GOOD}architecture = ["cubic"]\n', "architecture 'cubic' is not known"),
    "bad exclude": (f'[grid]\n{GOOD}exclude = ["tables"]\n', "exclude 'tables' is not known"),
}


@pytest.mark.parametrize(("text", "sentence"), BAD_GRIDS.values(), ids=BAD_GRIDS)
def test_a_bad_grid_is_one_sentence_and_writes_nothing(capsys, text, sentence):
    Path("grid.toml").write_text(text)
    assert main(["explore", "grid.toml"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("gelugen: grid.toml")
    assert said.err.count("\n") == 1
    assert sentence in said.err
    assert [path.name for path in Path().iterdir()] == ["grid.toml"]


# -- what cannot be ------------------------------------------------------------------------------------------


def test_what_is_not_feasible_is_told_with_how_far_it_gets(capsys):
    words = ["explore", *FLAGS, "--architecture", "table,residual-table", "--guarantee", "ulp:0.3", "--jobs", "1"]
    data = told(capsys, words, code=2)
    assert data["designs"] == []
    assert [(each["architecture"], each["reached"]) for each in data["refused"]] == [
        ("table", "0.4718"),
        ("residual-table", "0.4718"),
    ]
    assert main(words) == 2
    said = capsys.readouterr()
    assert "not feasible: table, residual-table: at best ulp:0.4718" in said.out
    assert said.err.count("\n") == 1
    assert "at best gelu, q2.2 to q2.2, ulp:0.3: table keeps ulp:0.4718" in said.err
    assert Path("build/explore/designs.csv").read_text() == ",".join(COLUMNS) + "\n"
    assert main([*words, "--guarantee", "ulp:0.4718"]) == 0


def test_one_case_that_cannot_be_does_not_hide_the_others(capsys):
    Path("grid.toml").write_text(f'[grid]\n{GOOD}guarantee = ["correct", "ulp:0.3"]\narchitecture = "table"\n')
    data = told(capsys, ["explore", "grid.toml", "--jobs", "1"])
    assert [row["guarantee"] for row in data["designs"]] == ["correct"]
    assert [each["guarantee"] for each in data["refused"]] == ["ulp:0.3"]


def test_a_mistake_of_ours_names_its_task(capsys, monkeypatch):
    monkeypatch.setattr("gelugen.explore.tasks.designs", None)
    monkeypatch.delenv("GELUGEN_DEBUG", raising=False)
    assert main(["explore", *FLAGS, "--architecture", "table", "--jobs", "1"]) == 70
    assert "table of gelu from q2.2 to q2.2 at correct: TypeError" in capsys.readouterr().err


# -- what is kept --------------------------------------------------------------------------------------------


def test_the_same_request_again_does_no_work(capsys, worked):
    words = [*PLAIN, "--jobs", "1"]
    first = told(capsys, words)
    assert len(worked) == TASKS
    before = results()
    assert told(capsys, words) == first
    assert told(capsys, [*words, "--objective", "latency"])["designs"] != first["designs"]  # another ranking only
    assert len(worked) == TASKS
    assert results() == before
    told(capsys, [*words, "--guarantee", "faithful"])
    assert len(worked) == 2 * TASKS
    assert results().startswith(before)


def test_an_interrupted_run_goes_on_from_there(capsys, monkeypatch, worked):
    watched = parallel.work

    def interrupted(task):
        if len(worked) == 3:
            raise KeyboardInterrupt
        return watched(task)

    monkeypatch.setattr(parallel, "work", interrupted)
    assert main([*PLAIN, "--jobs", "1"]) == 130
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"gelugen: interrupted: 3 of {TASKS} tasks are kept in build/explore/results.jsonl, "
        "and the same command goes on from there\n"
    )
    before = results()
    monkeypatch.setattr(parallel, "work", watched)
    data = told(capsys, [*PLAIN, "--jobs", "1"])
    assert len(worked) == TASKS == len(set(worked))
    assert results().startswith(before)
    assert data == told(capsys, [*PLAIN, "--jobs", "1", "--results", "fresh.jsonl"])


def test_a_killed_run_keeps_what_was_finished(capsys):
    words = ["explore", *FLAGS, "--architecture", "table,residual-table,residual-uniform-linear", "--jobs", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gelugen", *words], stdout=subprocess.DEVNULL, start_new_session=True
    )
    path = "build/explore/results.jsonl"
    while process.poll() is None and not (Path(path).exists() and results().count(b"\n") >= 2):
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # with the processes that it has started
    process.wait()
    before = results()
    assert before.count(b"\n") >= 2
    names = {row["architecture"] for row in told(capsys, words)["designs"]}
    assert names == {"table", "residual-table", "residual-uniform-linear"}
    assert results().startswith(before[: before.rindex(b"\n") + 1])


@pytest.mark.parametrize("cut", [1, 2, 40, "header"])
def test_a_torn_last_line_is_searched_again(capsys, worked, cut):
    first = told(capsys, [*PLAIN, "--jobs", "1"])
    text = results()
    last = len(text[: text.index(b"\n")]) - 5 if cut == "header" else len(text) - cut
    Path("build/explore/results.jsonl").write_bytes(text[:last])
    worked.clear()
    assert told(capsys, [*PLAIN, "--jobs", "1"]) == first
    assert len(worked) == (TASKS if cut == "header" else 1)
    assert results().count(b"\n") == TASKS + 1
    worked.clear()
    assert told(capsys, [*PLAIN, "--jobs", "1"]) == first
    assert worked == []


def flip(text):
    """Another number of ROM bits in the second result."""
    lines = text.splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"rom_bits":', b'"rom_bits":1')
    return b"".join(lines)


CORRUPT = {
    "a changed number": (flip, "is corrupt in line 3"),
    "a torn line in the middle": (lambda text: text[:150] + text[170:], "is corrupt in line 2"),
    "an empty line": (lambda text: text + b"\n", f"is corrupt in line {TASKS + 2}"),
    "zeros": (lambda text: text + bytes(9) + b"\n", f"is corrupt in line {TASKS + 2}"),
    "no header": (lambda text: text[text.index(b"\n") + 1 :], "is no file of results of this gelugen"),
    "another format": (lambda text: text.replace(b'"format": 1', b'"format": 2', 1), "is no file of results"),
    "a foreign text": (lambda _: b"my notes\n", "is no file of results"),
    "a foreign text without an end": (lambda _: b"my notes", "is no file of results"),
    "a foreign JSON": (lambda _: b'{"function": "gelu"}\n', "is no file of results"),
    "no text": (lambda _: bytes(range(128, 256)) + b"\n", "is no file of results"),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The results of PLAIN."""
    path = tmp_path_factory.mktemp("finished") / "results.jsonl"
    with kept(path) as keeper:
        explore([case({**FIELDS, "exclude": "multiplier"})], keeper, jobs=1)
    return path.read_bytes()


@pytest.mark.parametrize(("change", "sentence"), CORRUPT.values(), ids=CORRUPT)
def test_a_corrupt_file_is_one_sentence_and_stays_as_it_is(finished, tmp_path, capsys, change, sentence):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(change(finished))
    assert path.read_bytes() != finished
    assert main([*PLAIN, "--results", str(path)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert str(path) in said.err
    assert sentence in said.err
    assert path.read_bytes() == change(finished)


def test_a_file_that_another_run_writes_is_left_to_it(finished, tmp_path, capsys):
    path = tmp_path / "results.jsonl"
    path.write_bytes(finished)
    with kept(path):
        assert main([*PLAIN, "--results", str(path)]) == 2
    assert "is being written by another run" in capsys.readouterr().err
    assert main([*PLAIN, "--results", str(path)]) == 0
    assert main([*PLAIN, "--results", str(tmp_path)]) == 2
    assert "cannot be written (it is no file)" in capsys.readouterr().err


def test_results_of_another_gelugen_are_not_used(finished, capsys, monkeypatch, worked):
    for module in ("results", "tasks", "parallel"):
        monkeypatch.setattr(f"gelugen.explore.{module}.identity", lambda: "9.9.9+12345678")
    Path("results.jsonl").write_bytes(finished)
    words = [*PLAIN, "--jobs", "1", "--results", "results.jsonl"]
    assert main(words) == 0
    assert capsys.readouterr().err == (f"results.jsonl: {TASKS} results of another version of gelugen are not used\n")
    assert len(worked) == TASKS
    assert results("results.jsonl").startswith(finished)  # they stay
    assert main(words) == 0
    assert len(worked) == TASKS
    assert capsys.readouterr().err == ""


# -- in parallel ---------------------------------------------------------------------------------------------


def test_any_parallelism_gives_the_same(capsys):
    one, two = (told(capsys, [*PLAIN, "--jobs", jobs, "--results", f"{jobs}.jsonl"]) for jobs in ("1", "2"))
    assert one == two


@pytest.fixture(scope="module")
def cluster():
    """The address of a Dask cluster of one worker with one thread, in processes of its own."""
    code = (
        "from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    cluster = LocalCluster(n_workers=1, threads_per_worker=1, host='127.0.0.1', dashboard_address=None)\n"
        "    print(cluster.scheduler_address, flush=True)\n"
        "    input()\n"
        "    cluster.close()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        address = process.stdout.readline().strip()
        assert address.startswith("tcp://127.0.0.1:")
        yield address
        process.communicate("\n", timeout=20)


def test_a_dask_cluster_gives_the_same(cluster, capsys):
    run = subprocess.run(
        [sys.executable, "-m", "gelugen", *PLAIN, "--json", "--dask", cluster],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    data = json.loads(run.stdout)
    for row in data["designs"]:
        row.pop("seconds")
    assert data == told(capsys, [*PLAIN, "--jobs", "1", "--results", "fresh.jsonl"])
    assert results().count(b"\n") == TASKS + 1


def test_the_cluster_does_the_work(cluster, monkeypatch):
    def marked(task):
        return replace(work(task), seconds=float(os.getpid()))

    monkeypatch.setattr(parallel, "work", marked)
    done = list(parallel.run([Task(Spec(**FIELDS), name) for name in ("table", "residual-table")], dask=cluster))
    assert sorted(each.architecture for each in done) == ["residual-table", "table"]
    (worker,) = {each.seconds for each in done}
    assert worker != os.getpid()


def test_a_worker_with_another_gelugen_is_refused(cluster, monkeypatch):
    here = os.getpid()
    monkeypatch.setattr(parallel, "identity", lambda: "1.0" if os.getpid() == here else "9.9.9")
    with pytest.raises(GelugenError, match=r"worker tcp://.* runs gelugen 9\.9\.9, and this is 1\.0: install the same"):
        list(parallel.run([Task(Spec(**FIELDS), "table")], dask=cluster))


@pytest.mark.parametrize("kind", ["closed", "silent", "no address"])
def test_a_cluster_that_does_not_answer_is_one_sentence(capsys, monkeypatch, kind):
    assert parallel.ANSWER_SECONDS < 10
    monkeypatch.setattr(parallel, "ANSWER_SECONDS", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == "silent":
            taken.listen()
        address = "nowhere" if kind == "no address" else f"127.0.0.1:{taken.getsockname()[1]}"
        start = time.monotonic()
        assert main([*PLAIN, "--dask", address]) == 2
    assert time.monotonic() - start < 5
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert f"no Dask scheduler answers at '{address}'" in said.err


def test_finished_results_are_kept_when_a_cluster_does_not_answer(capsys, monkeypatch):
    monkeypatch.setattr(parallel, "ANSWER_SECONDS", 1)
    assert main(["explore", *FLAGS, "--architecture", "table", "--jobs", "1"]) == 0
    before = results()
    capsys.readouterr()
    assert main(["explore", *FLAGS, "--architecture", "table,residual-table", "--dask", "nowhere"]) == 2
    assert "(1 of 2 tasks are kept in build/explore/results.jsonl" in capsys.readouterr().err
    assert results() == before


def test_without_dask_one_sentence_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main([*PLAIN, "--dask", "127.0.0.1:8786"]) == 2
    assert "--dask needs dask: pip install 'gelugen[dask]'" in capsys.readouterr().err
