"""The commands and the Python that documents show: found in fenced blocks, run in the order in which they stand.

What a reader would do with a block is told in comments before it, which no reader sees:

| comment | meaning |
|---|---|
| ``<!-- slow -->`` | takes more than a few seconds: run by the slow tests alone |
| ``<!-- needs: TOOL, ... -->`` | programs or Python packages without which it is left out |
| ``<!-- exit: N -->`` | the exit code of the block's last command; 0 without it |
| ``<!-- save: NAME -->`` | the block is the text of a file |
| ``<!-- copy: PATH as NAME -->`` | a file of the checkout that the reader has under this name |
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gelugen.cli import main

TOP = Path(__file__).resolve().parents[1]
PAGES = sorted([TOP / "README.md", *(TOP / "docs").glob("*.md")])
COMMENT = re.compile(r"<!-- (slow|needs|exit|save|copy)(?:: (.*?))? -->")
SHELL = ("sh", "console")


@dataclass
class Block:
    """A fenced block: its language, its text, and what the comments before it say."""

    page: str
    line: int
    language: str
    text: str
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def commands(self) -> list[str]:
        """The commands of a block of a shell, continued lines joined; of a session, what follows the prompts."""
        lines = self.text.replace("\\\n", " ").splitlines()
        if self.language == "console":
            return [line[2:] for line in lines if line.startswith("$ ")]
        return [line for line in lines if shlex.split(line, comments=True)]

    @property
    def missing(self) -> list[str]:
        """What it needs and is not there."""
        needs = [each.strip() for each in self.notes.get("needs", "").split(",") if each.strip()]
        return [each for each in needs if not (shutil.which(each, path=path()) or importlib.util.find_spec(each))]


def path() -> str:
    """Where programs are: those of this Python first."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    notes: dict[str, str] = {}
    block: Block | None = None
    lines: list[str] = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if block is not None:
            if line.strip() == "```":
                block.text = "\n".join(lines) + "\n"
                yield block
                block, notes = None, {}
            else:
                lines.append(line)
        elif line.startswith("```"):
            block, lines = Block(page.name, number, line[3:].strip().split(" ")[0], "", notes), []
        elif found := COMMENT.findall(line):
            notes |= dict(found)
        elif line.strip() and "copy" not in notes:
            notes = {}
    assert block is None, f"{page.name}: a fence is not closed"


@dataclass
class Reader:
    """Somebody who reads a page in a folder and does what it says."""

    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    done: int = 0

    def take_files(self, block: Block) -> None:
        """Write the file that a block is the text of, or that goes with it."""
        if copied := block.notes.get("copy"):
            source, _, name = copied.partition(" as ")
            shutil.copy(TOP / source, self.folder / (name or Path(source).name))
        if name := block.notes.get("save"):
            (self.folder / name).write_text(block.text)

    def follow(self, block: Block) -> None:
        """Do what a block says; raises AssertionError where it does not work."""
        where = f"{block.page}:{block.line}"
        if "save" in block.notes:
            return
        if block.language == "python":
            exec(compile(block.text, where, "exec"), self.names)  # noqa: S102
            self.done += 1
        elif block.language in SHELL:
            for number, command in enumerate(block.commands, 1):
                expected = int(block.notes.get("exit", 0)) if number == len(block.commands) else 0
                code = self.run(command)
                assert code == expected, f"{where}: {command!r} ended with {code}"
                self.done += 1

    def run(self, command: str) -> int:
        """Run a command; gives its exit code."""
        words = shlex.split(command, comments=True)
        if words[0] == "gelugen" and not re.search(r"[|<>;&]", command):
            return main([each for word in words[1:] for each in self.expand(word)])
        if words[0] == "make":  # what the targets do has tests of its own
            targets = re.findall(r"^([a-z0-9-]+):", (TOP / "Makefile").read_text(), re.MULTILINE)
            return 0 if set(words[1:]) <= set(targets) else 2
        if words[:2] == ["pip", "install"]:
            extras = [extra for word in words for part in re.findall(r"\[(.*)\]", word) for extra in part.split(",")]
            known = re.findall(r"^(\w+) = \[", (TOP / "pyproject.toml").read_text(), re.MULTILINE)
            return 0 if set(extras) <= set(known) else 1
        if command in ("python -m venv .venv", ". .venv/bin/activate"):
            return 0  # the reader's environment is this one
        environment = {**os.environ, "PATH": f"{stub(self.folder)}:{path()}", "PYTHONPATH": str(TOP)}
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=environment, check=False)
        return done.returncode

    def expand(self, word: str) -> list[str]:
        """The paths that a pattern means, as the shell has them; a word without one is itself."""
        end = "/" if word.endswith("/") else ""
        paths = sorted(self.folder.glob(word)) if "*" in word else []
        return [f"{each.relative_to(self.folder)}{end}" for each in paths] or [word]


def stub(folder: Path) -> Path:
    """A folder that holds ``gelugen`` as a program, outside the reader's."""
    made = folder.parent / "bin"
    made.mkdir(exist_ok=True)
    program = made / "gelugen"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gelugen "$@"\n')
    program.chmod(0o755)
    return made
