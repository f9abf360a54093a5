"""docs/architecture.md is true: it lists the rooms that there are, and a room imports only rooms above it."""

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "gelugen"
ROOMS = re.findall(r"^\| `(\w+)(?:\.py|/)` \|", (TOP / "docs" / "architecture.md").read_text(), re.MULTILINE)
# The doors of the house look everywhere.
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or not path.stem.startswith("__"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """Rooms that a file imports at its top level, or for types."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("gelugen."):
            rooms.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            rooms |= {each.name.split(".")[1] for each in node.names if each.name.startswith("gelugen.")}
    return rooms


def test_the_document_lists_every_room_and_no_other():
    there = {room(path) for path in PACKAGE.rglob("*.py")} - {"__init__", "__main__"}
    assert set(ROOMS) == there
    assert len(ROOMS) == len(there)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_rooms_above_it(path):
    here = room(path)
    below = {other for other in imported_rooms(path) if ROOMS.index(other) > ROOMS.index(here)}
    assert below == ({"golden"} if here == "spec" else set())


def test_only_the_command_line_prints():
    printing = {
        room(path)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printing == {"cli"}
