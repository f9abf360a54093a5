"""``gelugen synth``: its table and JSON, refusals; and docs/synthesis.md lists what rtl_out/ holds."""

import json
import re
from pathlib import Path

import pytest

from gelugen.cli import main
from gelugen.flow import default_set, generate
from gelugen.spec import Spec
from gelugen.store import read_manifest
from gelugen.synthesis import FAMILIES, find, measure, nextpnr, yosys

TOP = Path(__file__).parent.parent
DOCUMENT = (TOP / "docs" / "synthesis.md").read_text(encoding="utf-8")
ROW = re.compile(rf"^\| (\w+) \| ({'|'.join(FAMILIES)}) \| (no|allowed) \| (.*) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return generate(Spec("gelu", "q3.4", "q3.4", architecture="residual-table"), tmp_path_factory.mktemp("out")).folder


def measured(folder, family, **options):
    sources = {path.name: path.read_text() for path in folder.iterdir()}
    return measure(sources, folder.name, family, **options)


@pytest.mark.needs("yosys")
def test_json_is_what_measure_gives(folder, capsys):
    assert main(["synth", str(folder), "--family", "ice40, ecp5", "--no-bram", "--jobs", "1", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["yosys"], said["brams"], said["dsps"]) == (find().version, False, True)
    assert [row["family"] for row in said["designs"]] == ["ice40", "ecp5"]
    for row in said["designs"]:
        assert (row.pop("name"), row.pop("folder")) == (folder.name, str(folder))
        assert row.pop("manifest_sha256") == read_manifest(folder)["manifest_sha256"]
        assert row == {"family": row["family"], **measured(folder, row["family"], brams=False, dsps=True).to_json()}
        assert row["luts"] > 10


@pytest.mark.needs("yosys", "nextpnr-ice40")
def test_the_table_has_a_row_for_each_design_and_family(folder, capsys):
    assert main(["synth", str(folder), "--family", "ice40", "--no-bram", "--no-dsp", "--fmax", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    heads, row = (line for line in out.splitlines() if re.search(r"\w", line))
    assert heads.split() == ["design", "family", "LUTs", "FF", "carry", "wide", "muxes", "BRAM", "DSP", "Fmax"]
    name, family, *counts, speed, unit = row.split()
    found = measured(folder, "ice40", brams=False, dsps=False)
    assert (name, family, unit) == (folder.name, "ice40", "MHz")
    assert list(map(int, counts)) == [
        found.luts, found.flip_flops, found.carry, found.wide_muxes, found.block_rams, found.dsps,
    ]  # fmt: skip
    assert 20 < float(speed) < 500


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--family", "virtex"], "family 'virtex' is not known: it must be one of ice40, ecp5, xc7"),
        (["--family", "ice40,"], "family '' is not known: it must be one of ice40, ecp5, xc7"),
        (["--family", "xc7", "--fmax"], "--fmax with --family xc7: nextpnr has ice40 and ecp5, so ask for one of them"),
        (["--jobs", "0"], "'0' must be a whole number above 0"),
    ],
)
def test_what_cannot_be_done_is_refused(folder, capsys, flags, said):
    assert main(["synth", str(folder), *flags]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert said in error
    assert error.count("\n") == 1


def test_missing_tools_are_told_before_anything_is_done(folder, capsys, monkeypatch):
    monkeypatch.setattr(yosys, "which", lambda name: None)  # noqa: ARG005
    monkeypatch.delenv(yosys.VARIABLE, raising=False)
    assert main(["synth", str(folder)]) == 2
    assert capsys.readouterr().err.startswith("gelugen: Yosys is missing: apt-get install yosys, ")
    monkeypatch.setattr(nextpnr, "which", lambda name: None)  # noqa: ARG005
    assert main(["synth", str(folder), "--fmax"]) == 2
    assert capsys.readouterr().err.startswith("gelugen: nextpnr-ice40 is missing: apt-get install nextpnr-ice40, ")


@pytest.mark.needs("yosys")
def test_a_folder_that_is_no_design_is_refused(tmp_path, capsys):
    assert main(["synth", str(tmp_path), "--family", "ice40"]) == 2
    assert "holds no gelugen design" in capsys.readouterr().err


# -- docs/synthesis.md ---------------------------------------------------------------------------------------


def test_the_document_lists_every_committed_design():
    names = sorted(target.name for _, target in default_set())
    expected = [(name, family, blocks) for name in names for family in FAMILIES for blocks in ("no", "allowed")]
    assert [row[:3] for row in ROW.findall(DOCUMENT)] == expected


@pytest.mark.needs("yosys")
def test_the_document_is_of_the_designs_that_are_committed():
    version = re.search(r"^Measured with Yosys ([\d.]+)", DOCUMENT, re.MULTILINE)
    assert version
    if version[1] != find().version:
        pytest.skip(f"the document is of Yosys {version[1]}")
    rows = {row[:3]: row[3] for row in ROW.findall(DOCUMENT)}
    got = measured(TOP / "rtl_out" / "gelu_q3_4_correct", "ice40", brams=False, dsps=False)
    counts = (got.luts, got.inverters, got.flip_flops, got.carry, got.wide_muxes, got.block_rams, got.dsps)
    row = rows["gelu_q3_4_correct", "ice40", "no"].split(" | ")
    assert tuple(map(int, row[:7])) == counts, "run make synth-docs"
