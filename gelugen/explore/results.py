"""What a task found, and the file in which results are kept as they come.

The file holds JSON lines. The first line says what it is; each other line is one task, with the request's hash, the
gelugen that found it, and a hash over the line. Only whole lines count: a last line without its end was being written
when the run was cut off, and is dropped. A file that holds anything else is left alone.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import gelugen
from gelugen.aims import Weights
from gelugen.architectures import get_architecture
from gelugen.cores.objective import counted_by
from gelugen.dialects.choice import EXACT
from gelugen.errors import GelugenError
from gelugen.objectives import Figures
from gelugen.spec import Spec, spec_hash
from gelugen.strict import take, whole
from gelugen.synthesis.families import Resources
from gelugen.synthesis.yosys import find
from gelugen.target import STYLES

_HEADER = {"file": "gelugen explore", "format": 1}


@dataclass(frozen=True)
class Found:
    """The figures of a design.

    Attributes:
        segments: words of the longest table.
        rom_bits: as ``Design.rom_bits`` counts them.
        multipliers: the bits of both operands of each.
        latency: in clocks.
        max_ulp: the largest |error|.
        mean_ulp: the mean |error|.
        correctly_rounded: the share of input codes whose output is the golden code.
        resources: what synthesis counted, for an objective of lookup tables alone.
        style: how the text that was measured is written, as in ``Target``; empty if none was.
        figures: what was counted, or estimated, on a core, for an objective of one alone.
    """

    segments: int
    rom_bits: int
    multipliers: tuple[tuple[int, int], ...]
    latency: int
    max_ulp: float
    mean_ulp: float
    correctly_rounded: float
    resources: Resources | None = None
    style: str = ""
    figures: Figures | None = None

    @property
    def multiplier_bits(self) -> int:
        """The sum of a * b over every multiplier of a by b bits."""
        return sum(one * two for one, two in self.multipliers)


_PLAIN = tuple(name for name in Found.__dataclass_fields__ if name not in ("resources", "style", "figures"))


@dataclass(frozen=True)
class Result:
    """What came of a task.

    Attributes:
        task: the request's hash, as ``task_key`` gives it.
        architecture: the one that was tried.
        version: the gelugen that tried it, as ``identity`` gives it.
        seconds: how long that took.
        found: its designs; none if it was refused.
        refusal: why there is none, in one sentence; empty if there are.
        reached: the smallest N, as text, for which the architecture keeps ulp:N; empty if that is not known.
    """

    task: str
    architecture: str
    version: str
    seconds: float
    found: tuple[Found, ...]
    refusal: str = ""
    reached: str = ""

    def line(self) -> str:
        """The line of the file."""
        data = asdict(self)
        for each, found in zip(data["found"], self.found, strict=True):
            if found.resources is None:
                del each["resources"], each["style"]
            if found.figures is None:
                del each["figures"]
            else:
                each["figures"] = found.figures.to_json()
        return json.dumps({**data, "sha256": spec_hash(data)}, separators=(",", ":")) + "\n"

    @classmethod
    def from_line(cls, line: bytes) -> Result:
        """The result of a line.

        Raises:
            ValueError, KeyError, TypeError, GelugenError: the line is not one that ``line`` has written.
        """
        data = json.loads(line)
        if data.pop("sha256") != spec_hash(data):
            raise ValueError("the line's hash is not its own")
        task, architecture, version, seconds, found, refusal, reached = take(data, *cls.__dataclass_fields__)
        if type(seconds) is not float or not all(isinstance(each, str) for each in (task, version, refusal, reached)):
            raise TypeError("a field has the wrong type")
        name = get_architecture(architecture).name
        return cls(task, name, version, seconds, tuple(_found(each) for each in found), refusal, reached)


def task_key(spec: Spec, architecture: str) -> str:
    """The hash of all that a task's result depends on.

    That is not what is excluded, and of the objective only what a tool shall count, with the version that does.

    Raises:
        GelugenError: there is no Yosys, and the objective needs one.
    """
    fields = {name: str(getattr(spec, name)) for name in ("function", "input", "output", "guarantee", "ties")}
    if spec.outside is not None:
        fields["outside"] = spec.outside
    if spec.dialect != EXACT:
        fields["dialect"] = spec.dialect
    if spec.expression is not None:
        fields["expression"] = spec.expression
    if spec.definition.own:  # its name does not say what it is
        fields["values"] = hashlib.sha256(spec.golden().scaled.tobytes()).hexdigest()
    asked = Weights.parse(spec.objective)
    if by := who_counts(asked):
        fields["measured"] = f"{asked.name} by {by}"
    if spec.flash is not None:
        fields["flash"] = str(spec.flash)
    return spec_hash({**fields, "architecture": architecture})


def who_counts(asked: Weights) -> str:
    """The tools that count for an objective, with their versions; empty where none does.

    Raises:
        GelugenError: there is no Yosys, and the objective needs one.
    """
    if asked.core:
        return counted_by(asked.core)
    return f"Yosys {find().version}" if asked.luts else ""


@cache
def identity() -> str:
    """The gelugen that runs: its version, and a hash over its sources, for a checkout that changes."""
    root = Path(__file__).parents[1]
    hashed = hashlib.sha256()
    for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
        if path.relative_to(root).parts[0] not in ("cli", "report"):
            hashed.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{gelugen.__version__}+{hashed.hexdigest()[:8]}"


class Kept:
    """An open file of results.

    Attributes:
        results: those of this gelugen, by their task's hash.
        others: how many results of other versions of gelugen it holds beside them.
    """

    def __init__(self, path: Path, file: IO[bytes], results: Mapping[str, Result], others: int) -> None:
        self.path, self._file = path, file
        self.results = dict(results)
        self.others = others

    def add(self, result: Result) -> None:
        """Keep a result: it is on disk when this returns."""
        self.results[result.task] = result
        self._file.write(result.line().encode())
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def kept(path: Path) -> Iterator[Kept]:
    """Open the file of results, made if it is missing.

    Raises:
        GelugenError: it cannot be read or written, another run is using it, or it is not a file of results; then it
            is left as it is.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise OSError("it is no file")
        file = path.open("a+b")
    except OSError as error:
        raise GelugenError(
            f"the results file {path} cannot be written ({(error.strerror or str(error)).lower()})"
        ) from None
    with file:
        _lock(path, file)
        file.seek(0)
        data = file.read()
        whole_lines, _, torn = data.rpartition(b"\n")
        lines = whole_lines.split(b"\n") if whole_lines else []
        header = (json.dumps(_HEADER) + "\n").encode()
        results, others = _read(path, lines) if lines else ({}, 0)
        if not lines and not header.startswith(torn):
            raise _foreign(path, 1)
        if torn:
            file.truncate(len(data) - len(torn))
        if not lines:
            file.write(header)
            file.flush()
        yield Kept(path, file, results, others)


def is_results(data: bytes) -> bool:
    """Whether a file's bytes begin as one of kept results does."""
    return data.startswith((json.dumps(_HEADER) + "\n").encode())


def read_results(path: Path, data: bytes) -> dict[str, Result]:
    """The results of this gelugen in the bytes of a file, by their task's hash; the file itself is left alone.

    Raises:
        GelugenError: it is not a file of results.
    """
    return _read(path, data.rpartition(b"\n")[0].split(b"\n"))[0]


def _read(path: Path, lines: list[bytes]) -> tuple[dict[str, Result], int]:
    """The results of whole lines, the header first; and the number of those of other versions."""
    results: dict[str, Result] = {}
    others: set[str] = set()
    for number, line in enumerate(lines, 1):
        try:
            if number == 1:
                if json.loads(line) != _HEADER:
                    raise ValueError("another header")
                continue
            result = Result.from_line(line)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, GelugenError):
            raise _foreign(path, number) from None
        if result.version == identity():
            results[result.task] = result
        else:
            others.add(result.task)
    return results, len(others - set(results))


def _foreign(path: Path, number: int) -> GelugenError:
    what = "is no file of results of this gelugen" if number == 1 else f"is corrupt in line {number}"
    return GelugenError(f"the results file {path} {what}: it is left as it is; move it away, or name another one")


def _lock(path: Path, file: IO[bytes]) -> None:
    """Keep other runs from the file until it is closed, where the system can."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise GelugenError(
            f"the results file {path} is being written by another run: wait, or name another one"
        ) from None


def _found(data: Any) -> Found:
    resources, style, figures = None, "", None
    if "figures" in data:
        figures = Figures.from_json(data.pop("figures"))
    if "resources" in data:
        resources, style = data.pop("resources"), data.pop("style")
        resources = Resources(*map(whole, take(resources, *Resources.__dataclass_fields__)))
        if style not in STYLES:
            raise ValueError("a style is not known")
    segments, rom_bits, multipliers, latency, *shares = take(data, *_PLAIN)
    if not all(type(share) is float and math.isfinite(share) for share in shares):
        raise TypeError("an error is no number")
    pairs = tuple((whole(one), whole(two)) for one, two in multipliers)
    largest, mean, correct = shares
    return Found(
        whole(segments), whole(rom_bits), pairs, whole(latency), largest, mean, correct, resources, style, figures
    )
