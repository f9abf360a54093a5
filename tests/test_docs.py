"""What the documents show works: each command and each piece of Python is run, and the site builds strictly."""

import json
import os
import re
import subprocess
import sys

import pytest
from documents import PAGES, SHELL, TOP, Block, Reader, blocks

from gelugen.cli import main
from gelugen.functions import CATALOGUE

GALLERY = TOP / "docs" / "gallery.json"
SHOWN = {page.name: list(blocks(page)) for page in PAGES}


def read_through(page: str, tmp_path, monkeypatch, slow: bool) -> Reader:
    folder = tmp_path / "reader"
    folder.mkdir()
    monkeypatch.chdir(folder)
    reader = Reader(folder)
    for block in SHOWN[page]:
        reader.take_files(block)
    for block in SHOWN[page]:
        if (slow or "slow" not in block.notes) and not block.missing:
            reader.follow(block)
    return reader


def quick(page: str) -> bool:
    return any(
        block.language in (*SHELL, "python") and "slow" not in block.notes and "save" not in block.notes
        for block in SHOWN[page]
    )


@pytest.mark.needs("icarus", "cc")
@pytest.mark.parametrize("page", [page for page in SHOWN if quick(page)])
def test_what_a_page_shows_works(page, tmp_path, monkeypatch):
    read_through(page, tmp_path, monkeypatch, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in SHOWN if any("slow" in block.notes for block in SHOWN[page])])
def test_what_takes_long_works_too(page, tmp_path, monkeypatch):
    assert read_through(page, tmp_path, monkeypatch, slow=True).done


def test_no_command_hides_in_a_block_without_a_language():
    for page, shown in SHOWN.items():
        for block in shown:
            assert block.language, f"{page}:{block.line}: a fence names no language"
            if block.language not in SHELL:
                assert not re.search(r"^\$? ?gelugen [a-z]+", block.text, re.MULTILINE), f"{page}:{block.line}"


def test_commands_within_a_line_exist(capsys):
    helps = {}
    for page in PAGES:
        for words in re.findall(r"`gelugen ([a-z]+)([^`]*)`", page.read_text()):
            name, rest = words
            if name not in helps:
                with pytest.raises(SystemExit) as ended:
                    main([name, "--help"])
                assert not ended.value.code, f"{page.name}: there is no command {name}"
                helps[name] = capsys.readouterr().out
            for flag in re.findall(r"--[a-z-]+", rest):
                assert flag in helps[name], f"{page.name}: {name} has no {flag}"


def test_targets_of_make_exist():
    targets = re.findall(r"^([a-z0-9-]+):", (TOP / "Makefile").read_text(), re.MULTILINE)
    for page in PAGES:
        for target in re.findall(r"`make ([a-z-]+)`", page.read_text()):
            assert target in targets, f"{page.name}: make {target}"


def test_every_comment_is_understood():
    for page in PAGES:
        for comment in re.findall(r"<!-- ?(\w+)(?::| -->)", page.read_text()):
            assert comment in ("slow", "needs", "exit", "save", "copy", "made", "measured", "end"), (page.name, comment)


def test_a_wrong_command_is_noticed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in ("gelugen functions no_such_function\n", "make no-such-target\n", "pip install 'gelugen[nothing]'\n"):
        with pytest.raises(AssertionError, match="ended with"):
            Reader(tmp_path).follow(Block("x.md", 1, "sh", text))
    Reader(tmp_path).follow(Block("x.md", 1, "sh", "gelugen functions no_such_function\n", {"exit": "2"}))
    with pytest.raises(NameError):
        Reader(tmp_path).follow(Block("x.md", 1, "python", "no_such_name\n"))


def test_the_manifest_s_fields_are_told():
    told = set(re.findall(r"`(\w+)`", (TOP / "docs" / "manifest.md").read_text()))
    for path in (TOP / "rtl_out").glob("*/manifest.json"):
        manifest = json.loads(path.read_text())
        terms = manifest["design"]["terms"]
        fields = {*manifest, *manifest["accuracy"], *manifest["formats"]["input"], *manifest["design"]}
        fields |= {key for term in terms for key in term} | {key for term in terms for key in term["map"]}
        fields |= {key for term in terms for each in term["coefficients"] for key in each} - {"values"}
        assert fields <= told, path.parent.name


def test_the_gallery_has_every_function_and_keeps_its_guarantees():
    rows = {(each["bits"], each["function"]): each for each in json.loads(GALLERY.read_text())["designs"]}
    assert set(rows) == {(bits, name) for bits in (8, 16) for name in CATALOGUE}
    for (bits, _), each in rows.items():
        assert each["max_ulp"] <= (0.5 if bits == 8 else 1), each  # known to 2^-32, and so less than 1 may be 1
        assert bits == 16 or abs(max(map(abs, each["errors"])) / 1000 - each["max_ulp"]) <= 0.0005
    for name, bits in (("gelu_q3_4_correct", 8), ("gelu_q3_12_faithful", 16)):  # the committed designs are among them
        manifest = json.loads((TOP / "rtl_out" / name / "manifest.json").read_text())
        row = rows[bits, "gelu"]
        assert (row["rom_bits"], row["latency"]) == (manifest["rom_bits"], manifest["latency"])
        assert row["max_ulp"] == manifest["accuracy"]["max_ulp"]


@pytest.mark.needs("mkdocs", "material", "mkdocstrings")
def test_the_site_builds_without_a_warning(tmp_path):
    # Not --quiet: MkDocs then counts no warning, and --strict has nothing to stop at.
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=TOP, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    for page in (TOP / "docs").glob("*.md"):
        assert (tmp_path / "site" / f"{page.stem}.html").is_file()
    for page in (tmp_path / "site").rglob("*.html"):
        assert "<!-- made:" not in page.read_text(), f"{page.name}: what is to be made was not"
