"""The commands ``generate``, ``verify`` and ``show``."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gelugen.cli.printing import print_json, print_table, progress, write_text
from gelugen.cli.requests import GATED, REQUEST, TARGET, given, load_own, need
from gelugen.errors import GelugenError

if TYPE_CHECKING:
    from gelugen.architectures import Architecture
    from gelugen.spec import Target
    from gelugen.units import Request
    from gelugen.verify import Verdict


def generate(options: argparse.Namespace) -> int:
    """Find the designs that are asked for, and write their folders once all are there."""
    from gelugen.flow import prepare

    load_own(options.function, accuracy=options.accuracy)
    indexes: dict[Path, str] = {}
    requests = _requests(options, indexes)
    prepared = []
    with progress() as say:
        for number, (spec, target) in enumerate(requests, 1):
            what = f"{target.name} ({number} of {len(requests)}): searching"
            say(what)
            try:
                prepared.append(prepare(spec, target, partial(_tell, say, what), say))
            except GelugenError as error:
                if len(requests) == 1:
                    raise
                raise GelugenError(f"design {target.name}: {error}") from None
    # Nothing is written before every design is there.
    made = [each.write(options.output_dir) for each in prepared]
    for path, text in indexes.items():
        write_text(path, text)
    for each in prepared:
        for sentence in each.warnings:
            print(f"gelugen: warning: {each.target.name}: {sentence}", file=sys.stderr)
    if options.json:
        print_json(
            [
                {
                    "name": each.folder.name,
                    "folder": str(each.folder),
                    "architecture": each.design.architecture,
                    "rom_bits": each.design.rom_bits,
                    **({"measured": one.figures.to_json()} if one.figures else {}),
                    "outcome": each.outcome,
                    "warnings": list(one.warnings),
                }
                for each, one in zip(made, prepared, strict=True)
            ]
        )
        return 0
    rows = [
        [str(each.folder), each.design.architecture, f"{each.design.rom_bits}", each.design.spec.aim, each.outcome]
        for each in made
    ]
    if len(rows) > 1:
        rows.append([f"{len(rows)} designs", "", f"{sum(each.design.rom_bits for each in made)}", "", ""])
    heads = ["folder", "architecture", ">ROM bits", "asked", "files"]
    if any(each.figures for each in prepared):
        heads.append("takes")
        for row, one in zip(rows, prepared, strict=False):
            row.append(one.figures.describe() if one.figures else "")
    print_table(heads, rows)
    return 0


def _tell(say: Callable[[str], object], what: str, tried: Architecture) -> None:
    say(f"{what} {tried.name}")


def _requests(options: argparse.Namespace, indexes: dict[Path, str]) -> list[tuple[Request, Target]]:
    """What the user asks for: TOML files, models, flags, or the default set; ``indexes`` gets the models' layers."""
    from gelugen.flow import default_set
    from gelugen.functions.user import is_reference
    from gelugen.requests import from_flags
    from gelugen.spec import Target

    flags = given(options, *REQUEST, *GATED, *TARGET, "minimise", "segments", "density", "grid", "name")
    if options.specs and is_reference(flags.get("function", "")):
        del flags["function"]  # a user's own one that a file names, and that is known by now
    if options.specs and flags:
        raise GelugenError(f"--{next(iter(flags))} and {options.specs[0]}: give a design by flags or by TOML, not both")
    if flags:
        name = flags.pop("name", None)
        written = {key: flags.pop(key) for key in TARGET if key in flags}
        need(flags)
        spec = from_flags(flags)
        return [(spec, Target.parse(spec.default_name() if name is None else name, written))]
    requests = (
        [each for path in options.specs for each in _read(Path(path), options, indexes)]
        if options.specs
        else default_set()
    )
    _check_names(requests)
    return requests


def _read(path: Path, options: argparse.Namespace, indexes: dict[Path, str]) -> list[tuple[Request, Target]]:
    """The requests of a TOML file, or of a quantized model, whose layers ``indexes`` gets."""
    from gelugen.requests import from_toml, read_toml

    if path.suffix.lower() not in (".onnx", ".tflite"):
        return read_toml(path)
    from gelugen.cli.importing import print_model
    from gelugen.models import read_model, to_layers, to_requests

    model = read_model(path)
    requests = from_toml(to_requests(model), str(path))
    indexes[Path(options.output_dir) / f"{path.stem}_layers.json"] = to_layers(model)
    if not options.json:
        print_model(model)
    return requests


def _check_names(requests: Sequence[tuple[Request, Target]]) -> None:
    """Refuse designs that cannot stand beside each other, in a folder or in one C file."""
    from gelugen.requests import kind_of

    kinds = {target.name: kind_of(spec) for spec, target in requests}
    seen: dict[str, str] = {}
    for _, target in requests:
        name = target.name
        if other := seen.get(name.lower()):
            told = "twice" if other == name else f"beside {other}, which a file system may not tell apart"
            raise GelugenError(f"design {name} is asked for {told}: give each its own name")
        seen[name.lower()] = name
    for name in kinds:
        for kind, ending in _ENDINGS.items():
            stem = re.sub(ending, "", name)
            if stem != name and kinds.get(stem) in ((kind,) if kind else kinds.values()):
                raise GelugenError(
                    f"design {name} is asked for beside {stem}, whose Verilog uses that name: choose another"
                )


_ENDINGS = {"": r"_(tb|axis|rom)$", "gated": r"_act(_rom)?$", "bank": r"_(rom|m\d+)(_rom)?$"}
"""What the names of modules add to that of any unit, and of a gated unit or a bank."""


def verify(options: argparse.Namespace) -> int:
    """Compare files with their models; exit code 1 if one differs."""
    from gelugen.verify import passed, verify

    load_own(options.function, accuracy=options.accuracy)
    tools = None if options.tools is None else [each.strip() for each in options.tools.split(",")]
    results: dict[str, list[Verdict]] = {}
    refusals: list[GelugenError] = []
    with progress() as say:
        for number, folder in enumerate(options.folders, 1):
            what = f"{folder} ({number} of {len(options.folders)})"
            try:
                results[folder] = verify(folder, tools, partial(_say, say, what))
            except GelugenError as error:
                refusals.append(error)
    if tools and "formal" in tools and not refusals:
        proven = [each for verdicts in results.values() for each in verdicts if each.of == "properties"]
        if all(each.status == "skipped" for each in proven):
            refusals.append(GelugenError(f"formal: {options.folders[0]} has no stream wrapper: generate with --stream"))
    named = tools is not None
    good = not refusals and all(passed(verdicts, named) for verdicts in results.values())
    if results:
        _print_verdicts(options, results, good)
    if refusals:  # after what could be said of the others
        raise refusals[0]
    return 0 if good else 1


def _manifest(folder: str) -> str:
    """The hash that says which files a verdict is about."""
    from gelugen.store import read_manifest

    return str(read_manifest(Path(folder))["manifest_sha256"])


def _say(say: Callable[[str], object], what: str, tool: str) -> None:
    say(f"{what}: {tool}")


_COUNTS = {"codes": ("", ""), "files": (" files", " warnings"), "properties": (" properties", " refuted")}


def _print_verdicts(options: argparse.Namespace, results: dict[str, list[Verdict]], good: bool) -> None:
    if options.json:
        print_json(
            {
                "passed": good,
                "manifests": {folder: _manifest(folder) for folder in results},
                "designs": {folder: [each.to_json() for each in verdicts] for folder, verdicts in results.items()},
            }
        )
        return
    rows = []
    for folder, verdicts in results.items():
        for each in verdicts:
            first = "" if each.first_mismatch is None else "code {}: expected {}, got {}".format(*each.first_mismatch)
            rows.append(
                (
                    Path(folder).name,
                    each.tool,
                    f"{each.checked} of {each.codes}{_COUNTS[each.of][0]}",
                    f"{each.mismatches}{_COUNTS[each.of][1]}" if each.checked else "-",
                    f"{each.seconds:.1f} s",
                    each.status.upper() if each.status != "pass" else "pass",
                    "; ".join(filter(None, (first, each.note))),
                )
            )
    print_table(["design", "check", ">codes", ">mismatches", ">time", "verdict", "why"], rows)
    skipped = sum(each.status == "skipped" for verdicts in results.values() for each in verdicts)
    if skipped:
        print(f"{skipped} checks were skipped: nothing is said about what they would have found")


def show(options: argparse.Namespace) -> int:
    """Show a design, and draw it if asked to."""
    from gelugen.report import figures, lines, plot
    from gelugen.store import read

    load_own(options.function, accuracy=options.accuracy)
    bundle = read(options.folder)
    if options.plot:
        plot(bundle, options.plot)
    if options.json:
        print_json(figures(bundle))
        return 0
    print(bundle.name)
    for label, text in lines(bundle):
        print(f"  {label:<18} {text}")
    if options.plot:
        print(f"  {'picture':<18} {options.plot}")
    return 0
