"""Quantized models, ONNX and LiteRT: which activations they hold, in which formats, computed how."""

from __future__ import annotations

from pathlib import Path

from gelugen.dialects.expressions import Expression, Step
from gelugen.errors import GelugenError
from gelugen.models.model import SUBGRAPH, Activation, LeftOut, Model
from gelugen.models.requests_text import designs, to_layers, to_requests

__all__ = [
    "SUBGRAPH",
    "Activation",
    "Expression",
    "LeftOut",
    "Model",
    "Step",
    "designs",
    "read_model",
    "to_layers",
    "to_requests",
]

SUFFIXES = (".onnx", ".tflite")
LARGEST = 2**31
"""Bytes of a file: more than either format can hold."""


def read_model(path: str | Path, keep_going: bool = False) -> Model:
    """The activations of a quantized model.

    Args:
        path: a file that ends in ``.onnx`` or ``.tflite``.
        keep_going: leave out an activation that cannot be read, in place of refusing the model. An activation that is
            not quantized is left out in any case.

    Raises:
        GelugenError: the file cannot be read or is malformed; or an activation is quantized in a way that gelugen does
            not read (the message names the node).
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise GelugenError(f"{file} must end in {' or '.join(SUFFIXES)} to be read as a model")
    try:
        if file.exists() and not file.is_file():
            raise OSError("it is no file")
        size = file.stat().st_size
        if size >= LARGEST:
            raise OSError(f"it has {size} bytes, and a model has at most {LARGEST}")
        data = file.read_bytes()
    except (OSError, ValueError) as error:
        raise GelugenError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if suffix == ".onnx":
        from gelugen.models.onnx_activations import read_onnx

        return read_onnx(file, data, keep_going)
    from gelugen.models.litert import read_litert

    return read_litert(file, data, keep_going)
