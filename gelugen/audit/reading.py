"""Anybody's table: a file of any format to its words, in the order in which they stand."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gelugen.audit.c_arrays import arrays
from gelugen.emit.memory_readers import read_coe, read_hex, read_mem, read_mif
from gelugen.errors import GelugenError, short
from gelugen.formats import MAX_BITS, Codes

FEWEST, MOST = 8, 1 << MAX_BITS
"""Words of a table that can be audited; one more than MOST too, where a table ends with a knot."""
_LARGEST_FILE = 1 << 25


@dataclass(frozen=True, eq=False)
class Table:
    """The words of a table as a file has them.

    Attributes:
        words: int64, in the order of the file.
        kind: of the file, in words.
        bits: the width of a word where the file says, else None.
        signed: whether the file's words are signed numbers; None for bare bits.
        name: of the array or column, empty if there is but one.
        codes: the input codes, where a column of the file gives them.
        spare: at most so many of the bits are there because words stand in whole digits or bytes.
        left_out: how many of the last words are zeros that the file leaves out.
    """

    words: Codes
    kind: str
    bits: int | None = None
    signed: bool | None = None
    name: str = ""
    codes: Codes | None = None
    spare: int = 0
    left_out: int = 0

    def filled(self, count: int) -> Table:
        """The table of so many words whose last ones are zeros that the file leaves out."""
        missing = count - len(self.words)
        words = np.concatenate([self.words, np.zeros(missing, dtype=np.int64)])
        return replace(self, words=words, left_out=self.left_out + missing)


def read_table(path: Path, kind: str | None = None, array: str | None = None) -> Table:
    """Read a table.

    Args:
        path: the file.
        kind: its format, one of ``KINDS``; found from the file's ending and its text unless given.
        array: the array, the column (its name, or its number from 0) or the key to take, where there are several.

    Raises:
        GelugenError: the file cannot be read, is damaged, or does not hold one table of integers.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise GelugenError(f"{path} is larger than {_LARGEST_FILE >> 20} MB: a table has at most {MOST} words")
        data = path.read_bytes()
    except OSError as error:
        raise GelugenError(f"{path} cannot be read ({(error.strerror or str(error)).lower()})") from None
    kind = kind or _kind(path, data)
    if kind not in KINDS:
        raise GelugenError(f"format {short(kind)} is not known: it must be one of {', '.join(KINDS)}")
    if kind == "npy":
        tables = _npy(data)
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise GelugenError(f"{path} is no text: a table in {kind} must be") from None
        try:
            tables = _READERS[kind](text)
        except GelugenError as error:
            raise GelugenError(f"{path}: {error}") from None
    return _checked(_chosen(tables, array, path), path)


def _checked(table: Table, path: Path) -> Table:
    words = table.words
    if not FEWEST <= len(words) <= MOST + 1:
        raise GelugenError(f"{path} holds {len(words)} words: a table to audit must have {FEWEST} to {MOST}")
    low, high = int(words.min()), int(words.max())
    if low < -(1 << MAX_BITS - 1) or high >= 1 << MAX_BITS:
        wide = np.asarray(words & 0xFFFFFFFF)  # 32-bit words that hold sign-extended numbers
        narrow = np.where(wide >= 1 << 31, wide - (1 << 32), wide)
        if high < 1 << 32 and low >= 0 and narrow.min() >= -(1 << 15) and narrow.max() < 1 << 15:
            return replace(table, words=narrow, bits=32, signed=True)
        worst = high if high >= 1 << MAX_BITS else low
        raise GelugenError(f"{path} has the word {worst}: words of at most {MAX_BITS} bits can be audited")
    return table


def _kind(path: Path, data: bytes) -> str:
    """The format by the file's ending, or by what it looks like."""
    if data.startswith(b"\x93NUMPY"):
        return "npy"
    ending = path.suffix.lower().lstrip(".")
    if ending == "hex":
        return "hex" if data.lstrip().startswith(b":") else "mem"
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    text = data[:4096].decode("utf-8", "replace")
    if text.lstrip().startswith(":"):
        return "hex"
    if "memory_initialization" in text.lower():
        return "coe"
    if re.search(r"\bCONTENT\b", text, re.IGNORECASE):
        return "mif"
    if re.match(r"\s*\[|\s*\{\s*\"", text):
        return "json"
    if "{" in text:
        return "c"
    return "csv" if "," in text or "-" in text or "\t" in text else "mem"


# -- each format ---------------------------------------------------------------------------------------------


def _array(words: list[int]) -> Codes:
    if any(not -(1 << 62) < word < 1 << 62 for word in words):
        raise GelugenError(f"a word has more than 62 bits: words of at most {MAX_BITS} bits can be audited")
    return np.array(words, dtype=np.int64)


def _mem(text: str) -> list[Table]:
    plain = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    tokens = [token.replace("_", "") for token in plain.split() if not token.startswith("@")]
    longest = max(map(len, tokens), default=0)
    if longest >= 7 and all(len(token) == longest and set(token) <= {"0", "1"} for token in tokens):  # $readmemb
        return [Table(_array([int(token, 2) for token in tokens]), "binary words ($readmemb)", longest)]
    words, _ = read_mem(text)
    return [Table(_array(words), "hexadecimal words ($readmemh)", 4 * longest, spare=3)]


def _hex(text: str) -> list[Table]:
    words, _ = read_hex(text)
    records = [line for line in text.split() if line[7:9] == "00"]
    size = int(records[0][1:3], 16) if records and len(words) == len(records) else 1
    return [Table(_array(words), "Intel HEX", 8 * size, spare=7)]


def _coe(text: str) -> list[Table]:
    words, _ = read_coe(text)
    radix = re.search(r"radix\s*=\s*(\d+)", text, re.IGNORECASE)
    digits = {"2": 1, "16": 4}.get(radix[1] if radix else "", 0)
    vector = re.split(r"vector\s*=", text, maxsplit=1, flags=re.IGNORECASE)[-1].partition(";")[0]
    longest = max((len(token) for token in re.split(r"[\s,]+", vector)), default=0)
    return [Table(_array(words), "coefficients (.coe)", digits * longest or None, spare=max(digits - 1, 0))]


def _mif(text: str) -> list[Table]:
    words, width = read_mif(text)
    return [Table(_array(words), "memory initialization (.mif)", width)]


def _c(text: str) -> list[Table]:
    found = [Table(_array(each.words), "C array", each.bits, each.signed, each.name) for each in arrays(text)]
    if not found:
        raise GelugenError("no array of integers with an initializer is in it, such as int8_t table[256] = {...};")
    return found


def _csv(text: str) -> list[Table]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "//"))]
    if not lines:
        raise GelugenError("the file is empty: it must hold a column of integers")
    mark = next((mark for mark in (",", ";", "\t") if mark in lines[0]), " ")
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=mark)]
    rows = [[cell for cell in row if cell] if mark == " " else row for row in rows]
    names: list[str] = []
    if any(cell and _cell(cell) is None for cell in rows[0]):
        names, rows = rows[0], rows[1:]
    rows = [row[:-1] if row and not row[-1] else row for row in rows]  # a comma at the end of a line
    width = max((len(row) for row in rows), default=0)
    ragged = next((number for number, row in enumerate(rows[:-1], 1) if len(row) != width), None)
    flat = not names and (len(rows) == 1 or width > 4)
    if ragged is not None and not flat:
        raise GelugenError(f"row {ragged} has {len(rows[ragged - 1])} columns, others have {width}: a cell misses")
    columns = [[cell for row in rows for cell in row]] if flat else [list(each) for each in zip(*rows, strict=False)]
    found = []
    for number, column in enumerate(columns):
        values = [_cell(cell) for cell in column]
        name = names[number] if number < len(names) else str(number)
        if None in values:
            bad = values.index(None)
            raise GelugenError(f"row {bad + 1} of column {name} is {short(column[bad])}: it must be a number")
        if all(value is not None and value == int(value) for value in values):
            found.append((name, _array([int(value) for value in values if value is not None])))
    if not found:
        raise GelugenError("no column holds integers: a table to audit holds codes, not real values")
    return _columns(found, "CSV", None, None)


def _cell(text: str) -> float | None:
    """A number of a cell, hexadecimal ones too; None if it is none."""
    try:
        if re.fullmatch(r"[+-]?0[xX][0-9a-fA-F]{1,12}", text):
            return int(text, 16)
        if re.fullmatch(r"[+-]?\d{1,15}", text):
            return int(text)
        value = float(text)
        return value if abs(value) < 1e15 else None
    except ValueError:
        return None


def _columns(found: list[tuple[str, Codes]], kind: str, bits: int | None, signed: bool | None) -> list[Table]:
    """Columns as tables; one that counts without a gap gives the codes of the others."""
    if len(found) > 1:
        for number, (_, column) in enumerate(found):
            ordered = np.sort(column)
            if len(column) >= FEWEST and (np.diff(ordered) == 1).all():
                rest = [each for place, each in enumerate(found) if place != number]
                return [Table(words, kind, bits, signed, name, column) for name, words in rest]
    return [Table(words, kind, bits, signed, name if len(found) > 1 else "") for name, words in found]


def _npy(data: bytes) -> list[Table]:
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception:
        raise GelugenError("the .npy file is damaged, or holds objects in place of numbers") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
        raise GelugenError(f"the .npy file holds {getattr(array, 'dtype', 'several arrays')}: it must hold integers")
    bits, signed = None, None
    if array.dtype.kind == "f":
        if not np.isfinite(array).all() or (array != np.floor(array)).any():
            raise GelugenError("the .npy file holds reals: a table to audit holds codes")
    else:
        bits, signed = 8 * array.dtype.itemsize, array.dtype.kind == "i"
    if array.ndim == 2 and array.shape[1] in (2, 3) and array.shape[0] > 3:
        return _columns(
            [(str(i), array[:, i].astype(np.int64)) for i in range(array.shape[1])], "NumPy array", bits, signed
        )
    return [Table(array.ravel().astype(np.int64), "NumPy array", bits, signed)]


def _json(text: str) -> list[Table]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GelugenError(f"the file is not JSON: {str(error)[:100]}") from None
    found: list[tuple[str, Codes]] = []

    def walk(value: Any, name: str, depth: int = 0) -> None:
        if isinstance(value, dict) and depth < 20:
            for key, each in value.items():
                walk(each, f"{name}.{key}" if name else str(key), depth + 1)
        elif isinstance(value, list) and value:
            flat = [cell for row in value for cell in row] if all(isinstance(row, list) for row in value) else value
            numbers = [_json_word(each) for each in flat]
            whole = [number for number in numbers if number is not None]
            if len(whole) == len(flat) > 3:
                found.append((name, _array(whole)))
            elif len(flat) // 2 < len(whole) < len(flat):
                bad = numbers.index(None)
                raise GelugenError(
                    f"element {bad} of {name or 'the list'} is {short(flat[bad])}: it must be an integer"
                )
            else:
                for number, each in enumerate(value[:1000]):
                    walk(each, f"{name}[{number}]", depth + 1)

    walk(data, "")
    if not found:
        raise GelugenError("the file holds no list of integers")
    return [Table(words, "JSON", None, None, name) for name, words in found]


def _json_word(value: object) -> int | None:
    if isinstance(value, str):
        number = _cell(value.strip())
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value) if isinstance(value, float) else value
    else:
        return None
    return (
        int(number)
        if number is not None and number == number and abs(number) < 1e15 and number == int(number)
        else None
    )


_READERS: dict[str, Callable[[str], list[Table]]] = {
    "mem": _mem,
    "hex": _hex,
    "coe": _coe,
    "mif": _mif,
    "c": _c,
    "csv": _csv,
    "json": _json,
}
KINDS = (*_READERS, "npy")
"""The formats of files."""
_ENDINGS = {
    **{each: each for each in KINDS},
    **dict.fromkeys(("h", "cc", "cpp", "cxx", "hpp", "hh", "inc", "cu", "ino"), "c"),
    **dict.fromkeys(("tsv", "dat"), "csv"),
    **dict.fromkeys(("ihex", "ihx"), "hex"),
    **dict.fromkeys(("rom", "memh", "vmem"), "mem"),
}


def _chosen(tables: list[Table], array: str | None, path: Path) -> Table:
    """The one table that is asked for, or the only one long enough."""
    if array is not None:
        if array.isdigit() and not any(each.name == array for each in tables) and int(array) < len(tables):
            return tables[int(array)]
        if found := [each for each in tables if each.name == array]:
            return found[0]
        known = ", ".join(each.name or "(one without a name)" for each in tables[:20])
        raise GelugenError(f"--array {short(array)} is not in {path}: there are {known}")
    long = [each for each in tables if len(each.words) >= FEWEST] or tables
    if len(long) > 1:
        known = ", ".join(f"{each.name} ({len(each.words)} words)" for each in long[:20])
        raise GelugenError(f"{path} holds {len(long)} tables, {known}: choose one with --array NAME")
    return long[0]
