"""A folder of artifacts on disk: written whole or not at all, read back, hashes checked."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gelugen.emit.manifest import MANIFEST, SCHEMA, digest, sha256
from gelugen.errors import GelugenError
from gelugen.objectives import Figures
from gelugen.spec import Target
from gelugen.units import Unit, from_json


@dataclass(frozen=True)
class Bundle:
    """A folder, read back.

    Attributes:
        folder: where it is.
        design: the design, or the gated unit, of its manifest.
        target: how it is written down.
        manifest: the whole manifest.
    """

    folder: Path
    design: Unit
    target: Target
    manifest: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the C function, the Verilog module and the manifest."""
        return self.target.name

    @property
    def figures(self) -> Figures | None:
        """What the design was chosen by, if its spec asks for that and the manifest holds it."""
        try:
            figures = Figures.from_json(self.manifest["measured"])
        except (KeyError, TypeError, ValueError):
            return None
        return figures if figures.objective == getattr(self.design.spec, "objective", None) else None


# -- reading -----------------------------------------------------------------------------------------------


def read(folder: Path | str) -> Bundle:
    """Read a design's folder, every file checked against its hash.

    Raises:
        GelugenError: the folder is no design, is incomplete, or was changed.
    """
    folder = Path(folder)
    _recover(folder)
    manifest = read_manifest(folder)
    for name, expected in manifest["files"].items():
        try:
            text = (folder / name).read_bytes()
        except OSError as error:
            raise GelugenError(
                f"{folder / name} cannot be read ({_reason(error)}): generate the design again"
            ) from None
        if sha256(text) != expected:
            raise GelugenError(f"{folder / name} is not what gelugen wrote, by its hash: generate the design again")
    target = Target.parse(manifest["name"], manifest["target"])
    return Bundle(folder, from_json(manifest["kind"], manifest["design"]), target, manifest)


def load(folder: Path | str) -> Unit:
    """The design, or the gated unit, of a folder; raises as ``read`` does."""
    return read(folder).design


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder, its own digest and the shape of its fields checked.

    Raises:
        GelugenError: it is missing, malformed, or was changed.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise GelugenError(f"{folder} is no folder: give one that gelugen generate has made")
    if path.exists() and not path.is_file():
        raise GelugenError(f"{path} is no file: generate the design again")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GelugenError(f"{folder} holds no gelugen design: {MANIFEST} cannot be read ({_reason(error)})") from None
    except (ValueError, RecursionError):
        raise GelugenError(f"{path} is not JSON: generate the design again") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise GelugenError(f"{path} is not a manifest of schema {SCHEMA}: generate the design again")
    if data.get("manifest_sha256") != digest(data):
        raise GelugenError(f"{path} is not what gelugen wrote, by its digest: generate the design again")
    files = data.get("files")
    if not isinstance(files, dict) or any(Path(name).name != name for name in files):
        raise GelugenError(f"{path} names files outside its folder: generate the design again")
    kinds = {
        "kind": str,
        "name": str,
        "design": dict,
        "accuracy": dict,
        "rom_bits": int,
        "latency": int,
        "command": str,
        "warnings": list,
    }
    if wrong := [key for key, kind in kinds.items() if not isinstance(data.get(key), kind)]:
        raise GelugenError(f"{path} has no sound field {wrong[0]!r}: generate the design again")
    return data


# -- writing -----------------------------------------------------------------------------------------------


def write(out: Path | str, name: str, files: Mapping[str, str]) -> Literal["written", "unchanged"]:
    """Write a design's files to ``out/name``, so that the folder is the old one or the new one at any time.

    Raises:
        GelugenError: the place cannot be written, or holds a file that gelugen did not make.
    """
    out = Path(out)
    folder = out / name
    with _as_error(f"{out} cannot be written"):
        out.mkdir(parents=True, exist_ok=True)
        _recover(folder)
        _remove_stale(out, name)
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise GelugenError(f"{folder} is not a folder: move it away, or choose another --name or --output-dir")
        present = _ours(folder) if folder.exists() else None
        if present is not None and present == files.keys() and _equal(folder, files):
            return "unchanged"
        staging = out / f".{name}.gelugen-new-{os.getpid()}"
        try:
            staging.mkdir()
            for file, text in files.items():
                (staging / file).write_bytes(text.encode())
            if present is None and _take_place(staging, folder):
                return "written"
            if present is None:  # another process was quicker: look again at what is there now
                return write(out, name, files)
            _exchange(staging, folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return "written"


def _take_place(staging: Path, folder: Path) -> bool:
    """Give the new folder its name, unless that is taken meanwhile."""
    try:
        staging.rename(folder)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _ours(folder: Path) -> set[str]:
    """The files in a folder, all of which a manifest there must name."""
    present = {entry.name for entry in folder.iterdir()}
    known: set[str] = set()
    if MANIFEST in present:
        try:
            known = {*json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"], MANIFEST}
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise GelugenError(
                f"{folder / MANIFEST} is not a manifest, so nothing tells whose files these are: move the folder away"
            ) from None
    foreign = sorted(name for name in present if name not in known or not (folder / name).is_file())
    if foreign:
        raise GelugenError(f"{folder / foreign[0]} was not made by gelugen: move it away before the folder is written")
    return present


def _equal(folder: Path, files: Mapping[str, str]) -> bool:
    return all((folder / name).read_bytes() == text.encode() for name, text in files.items())


def _exchange(new: Path, old: Path) -> None:
    """Swap two folders in one step of the file system where it has one; ``new`` holds the old one then."""
    library = ctypes.CDLL(None, use_errno=True)
    paths = os.fsencode(new), os.fsencode(old)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
        if library.renameat2(here, paths[0], here, paths[1], exchange) == 0:
            return
    elif sys.platform == "darwin" and hasattr(library, "renamex_np"):
        if library.renamex_np(*paths, 2) == 0:  # RENAME_SWAP
            return
    # A file system without it: two steps, and the next call puts the old folder back if only one was done.
    aside = _aside(old)
    old.rename(aside)
    new.rename(old)
    aside.rename(new)


def _aside(folder: Path) -> Path:
    """Where a two-step exchange puts the old folder for a moment."""
    return folder.with_name(f".{folder.name}.gelugen-old")


def _recover(folder: Path) -> None:
    """Put back a folder that an interrupted two-step exchange has left aside; nothing is ever removed here."""
    folder = folder.absolute()
    if folder.name and not folder.exists() and (_aside(folder) / MANIFEST).is_file():
        _aside(folder).rename(folder)


def _remove_stale(out: Path, name: str) -> None:
    """Remove what a killed process has left beside the folder."""
    aside = _aside(out / name)
    if (out / name).is_dir() and (aside / MANIFEST).is_file():
        _ours(aside)
        shutil.rmtree(aside, ignore_errors=True)
    for left in out.glob(f".{name}.gelugen-new-*"):
        owner = left.name.rpartition("-")[2]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return process != os.getpid()


@contextmanager
def _as_error(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GelugenError(f"{what} ({_reason(error)}): choose a folder that can be") from None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
