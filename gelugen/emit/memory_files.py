"""The words of a table as text, in the formats that simulators and FPGA vendors' tools read.

| name | for | rules from |
|---|---|---|
| ``mem`` | ``$readmemh`` of every Verilog tool | IEEE 1364-2005, 17.2.9 |
| ``hex`` | Quartus: Intel HEX with one word a record | Quartus help, Hexadecimal (Intel-Format) File Definition |
| ``coe`` | Vivado's memory generators | UG896, COE File Syntax |
| ``mif`` | Quartus | Quartus help, Memory Initialization File Definition |

Words are unsigned, word 0 first. Each format has a strict reader as well (:mod:`gelugen.emit.memory_readers`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gelugen.emit.memory_readers import Words, check_width, read_coe, read_hex, read_mem, read_mif
from gelugen.errors import GelugenError

_PER_LINE = 16
_HEX_WORDS = 1 << 20  # what an extended segment address reaches


@dataclass(frozen=True)
class MemoryFormat:
    """A format of files that hold the words of a memory.

    Attributes:
        name: its key in FORMATS, and the ending of its files.
        tools: who reads such files.
        write: the text of a file from a title, unsigned words, and the width of a word in bits.
        read: the words of a text, and their width in bits where the file states it. Raises GelugenError.
    """

    name: str
    tools: str
    write: Callable[[str, Sequence[int], int], str]
    read: Callable[[str], tuple[Words, int | None]]


def mem_text(title: str, words: Sequence[int], width: int) -> str:
    """A file for $readmemh, the spare bits of the first digit of each word zero.

    It begins with an address: simulators then do not warn where a memory is larger than the file (IEEE 1364-2005,
    17.2.9), on which the check in the emitted modules relies.
    """
    rows = _rows(_digits(words, width))
    return f"// {_one_line(title)}\n@0\n" + "".join(" ".join(row) + "\n" for row in rows)


def hex_text(_title: str, words: Sequence[int], width: int) -> str:
    """An Intel HEX file as Quartus initializes memories from it; the format has no place for a title.

    A record holds one word in whole bytes, the highest first, and its address counts words, not bytes. The bits
    above a width that is no multiple of 8 are zero: Quartus cuts them off. Words from 65,536 on follow an extended
    segment address (record type 2), the only one of the extended addresses that Quartus knows.
    """
    size = -(-width // 8)
    if size > 255 or len(words) > _HEX_WORDS:
        raise GelugenError(
            f"a .hex file holds at most {_HEX_WORDS} words of 2040 bits: this table has {len(words)} of {width}"
        )
    records = []
    for number, digits in enumerate(_digits(words, width, 8)):
        if number and not number % 0x10000:
            records.append(_record(0, 2, bytes([number >> 12, 0])))
        records.append(_record(number % 0x10000, 0, bytes.fromhex(digits)))
    return "\n".join([*records, _record(0, 1, b""), ""])


def coe_text(title: str, words: Sequence[int], width: int) -> str:
    """A coefficient file for Vivado's block and distributed memory generators, in hexadecimal."""
    rows = [", ".join(row) for row in _rows(_digits(words, width))]
    return (
        f"; {_one_line(title)}\n"
        "memory_initialization_radix=16;\n"
        "memory_initialization_vector=\n" + ",\n".join(rows) + ";\n"
    )


def mif_text(title: str, words: Sequence[int], width: int) -> str:
    """A memory initialization file for Quartus: decimal addresses, hexadecimal words."""
    rows = [f"    {number} : {digits};\n" for number, digits in enumerate(_digits(words, width))]
    return (
        f"-- {_one_line(title)}\n"
        f"DEPTH = {len(words)};\n"
        f"WIDTH = {width};\n"
        "ADDRESS_RADIX = UNS;\n"
        "DATA_RADIX = HEX;\n"
        "CONTENT BEGIN\n" + "".join(rows) + "END;\n"
    )


def read_words(name: str, text: str, depth: int | None = None, width: int | None = None) -> Words:
    """The words of a file of a format of FORMATS, held against the size that its table must have.

    Args:
        name: the format.
        text: the file.
        depth: how many words it must have, if known.
        width: how many bits a word may have, if known.

    Raises:
        GelugenError: the file is damaged, short or long, or a word or the stated width does not fit.
    """
    words, stated = FORMATS[name].read(text)
    if depth is not None and len(words) != depth:
        raise GelugenError(
            f"the .{name} file is too {'short' if len(words) < depth else 'long'}: it has {len(words)} words, "
            f"the table has {depth}"
        )
    if width is not None:
        if stated not in (None, width):
            raise GelugenError(f"the .{name} file has words of {stated} bits: the table's have {width}")
        check_width(words, width, f"the .{name} file")
    return words


FORMATS = {
    each.name: each
    for each in [
        MemoryFormat("mem", "$readmemh of every Verilog tool", mem_text, read_mem),
        MemoryFormat("hex", "Quartus, as Intel HEX", hex_text, read_hex),
        MemoryFormat("coe", "Vivado's memory generators", coe_text, read_coe),
        MemoryFormat("mif", "Quartus", mif_text, read_mif),
    ]
}
"""The formats by name, which is the ending of their files as well."""


def _record(address: int, kind: int, content: bytes) -> str:
    """A record of an Intel HEX file, with its checksum."""
    raw = bytes([len(content), *address.to_bytes(2), kind]) + content
    return f":{raw.hex().upper()}{-sum(raw) & 0xFF:02X}"


def _digits(words: Sequence[int], width: int, unit: int = 4) -> list[str]:
    """The words in hexadecimal, filled up to a multiple of some bits."""
    check_width(words, width, "the table")
    digits = -(-width // unit) * unit // 4
    return [f"{word:0{digits}x}" for word in words]


def _rows(texts: list[str]) -> Iterator[list[str]]:
    return (texts[start : start + _PER_LINE] for start in range(0, len(texts), _PER_LINE))


def _one_line(title: str) -> str:
    return " ".join(title.split())
