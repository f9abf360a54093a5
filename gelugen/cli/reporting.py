"""The command ``report``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from gelugen.cli.printing import print_json, progress, write_text
from gelugen.cli.requests import load_own
from gelugen.errors import GelugenError


def report(options: argparse.Namespace) -> int:
    """Write one page of HTML about designs; tools are asked first, if any are named."""
    from gelugen.report import figures, gather, page
    from gelugen.store import read
    from gelugen.verify import verify

    load_own(options.function, accuracy=options.accuracy)
    bundles = [read(folder) for folder in dict.fromkeys(options.folders)]
    names = [bundle.name for bundle in bundles]
    if twice := [name for name in names if names.count(name) > 1]:
        raise GelugenError(f"design {twice[0]} is given by two folders: give each its own name, or a page of its own")
    path = options.output
    if path.suffix.lower() not in (".html", ".htm"):
        raise GelugenError(f"the page {path} must end in .html")
    with progress() as say:
        records = gather(options.results or [], bundles)
        for bundle in bundles if options.tools else []:
            tools = [each.strip() for each in options.tools.split(",")]
            found = verify(bundle.folder, tools, partial(_say, say, bundle.name))
            records.verdicts.setdefault(bundle.manifest["manifest_sha256"], []).extend(found[1:])
        text = page(bundles, records, partial(_say, say, "measuring"))
    write_text(path, text)
    if options.json:
        size = len(text.encode())
        print_json({"page": str(path), "bytes": size, "designs": [figures(bundle) for bundle in bundles]})
    else:
        print(f"{path}: {len(bundles)} design{'s' if len(bundles) > 1 else ''}, {len(text.encode()) / 1e6:.2f} MB")
    return 0


def _say(say: Callable[[str], object], what: str, more: str) -> None:
    say(f"{what}: {more}")
