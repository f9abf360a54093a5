"""A design and a target to texts. Nothing is written to disk here.

``emit`` gives every file of a design as text; ``store.py`` puts them on disk.
"""

from __future__ import annotations

from gelugen.design import Design
from gelugen.emit import c, verilog
from gelugen.emit.manifest import MANIFEST, manifest_text
from gelugen.emit.rendering import Contract
from gelugen.pipeline import latency
from gelugen.spec import Target

__all__ = ["MANIFEST", "emit", "latency"]


def emit(design: Design, target: Target) -> dict[str, str]:
    """All files of a design.

    Args:
        design: what is computed. Its accuracy is measured for the header comments.
        target: how it is written down.

    Returns:
        Text by file name: C header (and source, for tables over 4,096 bytes), Verilog module, its test bench
        with the expected codes, the tables as ``.mem``, and last the manifest with every other file's hash.

    Raises:
        GelugenError: the design breaks its guarantee, or needs more than 63-bit arithmetic.
    """
    contract = Contract.of(design, target)
    files = {**c.files(design, target, contract), **verilog.files(design, target, contract)}
    return {**files, MANIFEST: manifest_text(design, target, contract, files)}
