"""Constants of an ONNX file that are one number, in the file or beside it. Needs ``onnx``.

Weights are never looked at: only tensors of one element are decoded, and of external data only those few bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from gelugen.errors import GelugenError
from gelugen.models.model import printable

_LONGEST = 16
"""Bytes of one number."""


@dataclass(frozen=True)
class Scalar:
    """A constant of one element.

    Attributes:
        value: the number.
        type: its ONNX element type, such as 1 for FLOAT.
    """

    value: float | int
    type: int


def decode(tensor: Any, name: str, folder: Path) -> Scalar | None:
    """The number in a TensorProto of one element; None if it has another size, or is no real number.

    Args:
        tensor: the protocol buffer.
        name: its name, for messages.
        folder: where the model stands.

    Raises:
        GelugenError: its bytes are no number, or outside the folder.
    """
    from onnx import TensorProto, numpy_helper

    if any(size != 1 for size in tensor.dims) or len(tensor.dims) > 16:
        return None
    try:
        if tensor.data_location == TensorProto.EXTERNAL:
            raw = _read_external(*place_of(tensor, name, folder), name)
            copy = TensorProto(data_type=tensor.data_type, dims=tensor.dims, raw_data=raw)
            value = numpy_helper.to_array(copy)
        else:
            value = numpy_helper.to_array(tensor)
        number = value.reshape(()).item()
    except GelugenError:
        raise
    except Exception:  # ValueError, TypeError, KeyError: a type that there is not, bytes that do not fit
        raise GelugenError(f"constant {printable(name)} is malformed: its bytes are not one number") from None
    if isinstance(number, (bool, str, bytes, complex)):
        return None
    if not isinstance(number, (int, float)):
        number = float(number)  # the small floats of ml_dtypes
    return Scalar(number, int(tensor.data_type))


def place_of(tensor: Any, name: str, folder: Path) -> tuple[Path, int, int | None]:
    """Where a tensor's external data is: a file inside the folder, offset and length.

    Raises:
        GelugenError: it is outside the model's folder, or the place is malformed.
    """
    entries = {text_of(each.key): text_of(each.value) for each in tensor.external_data}
    location = entries.get("location", "")
    outside = GelugenError(
        f"the external data of {printable(name)} is in {printable(location, 'no file')}: "
        f"it must be a file inside the model's folder"
    )
    parts = PurePosixPath(location.replace("\\", "/"))
    if not location or "\0" in location or parts.is_absolute() or PureWindowsPath(location).anchor:
        raise outside
    if not (folder / parts).resolve().is_relative_to(folder.resolve()):
        raise outside
    try:
        offset, length = int(entries.get("offset", "0")), int(entries["length"]) if "length" in entries else None
    except ValueError:
        offset, length = -1, None
    if offset < 0 or (length is not None and length < 0):
        raise GelugenError(f"the external data of {printable(name)} has an offset or length that is no size")
    return folder / parts, offset, length


def _read_external(file: Path, offset: int, length: int | None, name: str) -> bytes:
    if length is not None and length > _LONGEST:
        raise GelugenError(f"constant {printable(name)} is malformed: one number has at most {_LONGEST} bytes")
    try:
        if not file.is_file():
            raise OSError
        with file.open("rb") as stream:
            stream.seek(offset)
            return stream.read(_LONGEST + 1 if length is None else length)
    except (OSError, OverflowError, ValueError):
        raise GelugenError(
            f"the external data of {printable(name)} in {printable(str(file.name))} cannot be read"
        ) from None


def text_of(value: object) -> str:
    """A text of a protocol buffer; what is no UTF-8 comes as bytes.

    Raises:
        GelugenError: it is no text.
    """
    if not isinstance(value, str):
        raise GelugenError("a name in the file is not UTF-8: the file is malformed")
    return value


def constant_of(proto: Any) -> Any:
    """The tensor or number of a Constant node; None if it is a list or a text."""
    for each in proto.attribute:
        if each.name == "value" and each.HasField("t"):
            return each.t
        if each.name == "value_float":
            return Scalar(float(each.f), 1)
        if each.name == "value_int":
            return Scalar(int(each.i), 7)
    return None
