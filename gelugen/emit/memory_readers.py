"""The strict readers of the formats of :mod:`gelugen.emit.memory_files`.

Each takes all that the rules of its format allow, so that files of other makers can be read, and refuses a damaged
file with one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gelugen.errors import GelugenError, short

Words = list[int]
_RADICES = {"BIN": 2, "OCT": 8, "DEC": 10, "UNS": 10, "HEX": 16}
_RECORDS = {0: "data", 1: "end of file", 2: "extended segment address", 4: "extended linear address"}
_MOST_WORDS = 1 << 24


def read_mem(text: str) -> tuple[Words, None]:
    """The words of a file for $readmemh: comments, ``_`` in numbers, and addresses that leave no gap are allowed.

    Raises:
        GelugenError: a word is no hexadecimal number or unknown (x, z), an address leaves a gap, or no word is there.
    """
    plain = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    words: Words = []
    for token in plain.split():
        if token.startswith("@"):
            address = _number(token[1:].replace("_", ""), 16, ".mem", "an address")
            if address != len(words):
                raise GelugenError(f"the .mem file goes on at address {address} after {len(words)} words: words miss")
        elif re.fullmatch(r"[0-9a-fxz_]+", token, re.IGNORECASE) and set(token.lower()) & set("xz"):
            raise GelugenError(f"word {len(words)} of the .mem file is unknown: {short(token)} has digits x or z")
        else:
            words.append(_number(token.replace("_", ""), 16, ".mem", f"word {len(words)}"))
    return _some(words, ".mem"), None


def read_hex(text: str) -> tuple[Words, None]:
    """The words of an Intel HEX file: one a record where the addresses count records, else one a byte.

    Raises:
        GelugenError: a record is damaged, the last record (end of file) misses, or addresses overlap or leave a gap.
    """
    data: list[tuple[int, bytes]] = []
    base, ended = 0, False
    for number, line in enumerate(text.split(), 1):
        if ended:
            raise GelugenError(f"line {number} of the .hex file comes after its last record (end of file)")
        address, kind, content = _parse_record(number, line)
        if kind == 0 and content:
            data.append((base + address, content))
        elif kind in (2, 4):
            base = int.from_bytes(content) << (4 if kind == 2 else 16)
        ended = kind == 1
    if not ended:
        raise GelugenError("the .hex file is cut short: its last record (end of file, :00000001FF) misses")
    sizes = {len(content) for _, content in data}
    by_words = [address for address, _ in data] == list(range(len(data)))
    if by_words and len(sizes) == 1 and (len(data) > 1 or max(sizes) <= 8):
        return [int.from_bytes(content) for _, content in data], None
    words: Words = []
    for address, content in data:
        if address != len(words):
            raise GelugenError(f"the .hex file goes on at address {address} after {len(words)} bytes")
        words += content
    return _some(words, ".hex"), None


def read_coe(text: str) -> tuple[Words, None]:
    """The words of a coefficient file: keywords in any case, radix 2, 10 or 16, commas or blanks between words.

    Raises:
        GelugenError: a keyword misses or is unknown, a word is no number of the radix, or no ``;`` ends the words.
    """
    values: dict[str, str] = {}
    statement = ""
    for line in text.splitlines():
        before, closed, _ = line.partition(";")  # what follows a semicolon is a comment
        statement += before + "\n"
        if closed and statement.strip():
            keyword, equals, value = statement.partition("=")
            keyword = keyword.strip().lower()
            if not equals or keyword in values or not re.fullmatch(r"memory_initialization_(radix|vector)", keyword):
                raise GelugenError(
                    f"the .coe file says {short(statement.strip())}: it must set memory_initialization_radix and "
                    "then memory_initialization_vector, each once"
                )
            values[keyword] = value
        if closed:
            statement = ""
    if statement.strip():
        raise GelugenError("the .coe file is cut short: no semicolon ends its last statement")
    if list(values) != ["memory_initialization_radix", "memory_initialization_vector"]:
        raise GelugenError("the .coe file must set memory_initialization_radix and then memory_initialization_vector")
    radix = values["memory_initialization_radix"].strip()
    if radix not in ("2", "10", "16"):
        raise GelugenError(f"the .coe file has the radix {short(radix)}: it must be 2, 10 or 16")
    tokens = re.split(r"\s*,\s*|\s+", values["memory_initialization_vector"].strip())
    words = [_number(token, int(radix), ".coe", f"word {number}") for number, token in enumerate(tokens)]
    return words, None


def read_mif(text: str) -> tuple[Words, int | None]:
    """The words of a memory initialization file: every radix, ranges ``[0..7] : 0``, runs of words ``0 : 1 2 3``.

    Raises:
        GelugenError: a keyword misses, a word is no number of the radix or too wide, a word misses or stands twice,
            or an address lies outside of the depth.
    """
    plain = re.sub(r"--[^\n]*|%[^%]*%", " ", text)
    head, found, rest = _parted(plain, r"\bCONTENT\s+BEGIN\b")
    if not found:
        raise GelugenError("the .mif file has no CONTENT BEGIN")
    content, found, more = _parted(rest, r"\bEND\s*;")
    if not found:
        raise GelugenError("the .mif file is cut short: no END; ends it")
    if more.strip():
        raise GelugenError(f"the .mif file goes on after its END;: {short(more.strip())}")
    depth, width, addresses, data = _mif_head(head)
    words: list[int | None] = [None] * depth
    *lines, last = content.split(";")
    if last.strip():
        raise GelugenError(f"no semicolon ends the .mif file's {short(last.strip())}")
    for line in lines:
        place, colon, values = line.partition(":")
        span = re.fullmatch(r"\s*\[\s*(\w+)\s*\.\.\s*(\w+)\s*\]\s*", place)
        ends = [span[1], span[2]] if span else [place.strip()] * 2
        start, stop = (_number(each, addresses, ".mif", "an address") for each in ends)
        run = [_number(each, data, ".mif", f"word {start}", width) for each in values.split()]
        count = stop - start + 1 if span else len(run)
        if not colon or not run or count < 1 or count % len(run):
            raise GelugenError(f"the .mif file has {short(line.strip())}: an address, a colon and words are needed")
        for offset in range(count):
            if start + offset >= depth:
                raise GelugenError(f"the .mif file is too long: it has a word {start + offset} and DEPTH = {depth}")
            if words[start + offset] is not None:
                raise GelugenError(f"the .mif file gives word {start + offset} twice")
            words[start + offset] = run[offset % len(run)]
    whole = [word for word in words if word is not None]
    if len(whole) < depth:
        raise GelugenError(f"the .mif file is too short: word {words.index(None)} misses, with DEPTH = {depth}")
    check_width(whole, width, "the .mif file")
    return whole, width


def check_width(words: Sequence[int], width: int, what: str) -> None:
    """Refuse words that do not fit a width. Raises GelugenError."""
    for number, word in enumerate(words):
        if not 0 <= word < 1 << width:
            raise GelugenError(f"word {number} of {what} is {short(word)}: it does not fit {width} bits")


def _mif_head(text: str) -> tuple[int, int, int, int]:
    """Depth, width, and the bases of addresses and words."""
    values = {}
    for keyword in ("DEPTH", "WIDTH", "ADDRESS_RADIX", "DATA_RADIX"):
        found = re.findall(rf"(?<!\w){keyword}\s*=\s*(\w+)\s*;", text, re.IGNORECASE)
        if len(found) != 1:
            raise GelugenError(f"the .mif file must set {keyword} once, before its CONTENT BEGIN")
        values[keyword] = found[0].upper()
    depth, width = (_number(values[each], 10, ".mif", each) for each in ("DEPTH", "WIDTH"))
    if not 0 < depth <= _MOST_WORDS or not width:
        raise GelugenError(
            f"the .mif file has DEPTH = {depth}, WIDTH = {width}: from 1 on, and at most {_MOST_WORDS} words"
        )
    for keyword in ("ADDRESS_RADIX", "DATA_RADIX"):
        if values[keyword] not in _RADICES:
            raise GelugenError(
                f"the .mif file has {keyword} = {values[keyword]}: it must be one of {', '.join(_RADICES)}"
            )
    signed = 1 if values["DATA_RADIX"] == "DEC" else 0
    return depth, width, _RADICES[values["ADDRESS_RADIX"]], -10 if signed else _RADICES[values["DATA_RADIX"]]


def _parted(text: str, pattern: str) -> tuple[str, str, str]:
    """A text before, at and after the first match of a pattern; all before where nothing matches."""
    found = re.search(pattern, text, re.IGNORECASE)
    return (text[: found.start()], found[0], text[found.end() :]) if found else (text, "", "")


def _number(token: str, radix: int, ending: str, what: str, width: int = 0) -> int:
    """A number of a radix; of radix -10 a signed decimal one, as two's complement of a width."""
    digits = "0123456789abcdef"[: abs(radix)]
    negative = radix == -10 and token.startswith("-")
    text = token[1:] if negative else token
    if not text or not set(text.lower()) <= set(digits):
        kind = {2: "binary", 8: "octal", 10: "decimal", 16: "hexadecimal", -10: "signed decimal"}[radix]
        raise GelugenError(f"{what} of the {ending} file is {short(token)}: it must be a {kind} number")
    value = int(text, abs(radix))
    if radix == -10:
        if not -(1 << width - 1) <= (-value if negative else value) < 1 << width - 1:
            raise GelugenError(f"{what} of the {ending} file is {short(token)}: it does not fit {width} signed bits")
        value = (-value if negative else value) & (1 << width) - 1
    return value


def _parse_record(number: int, line: str) -> tuple[int, int, bytes]:
    """Address, type and content of a record of an Intel HEX file."""
    if not re.fullmatch(r":([0-9a-fA-F]{2}){5,}", line):
        raise GelugenError(f"line {number} of the .hex file is no Intel HEX record: {short(line)}")
    raw = bytes.fromhex(line[1:])
    if raw[0] != len(raw) - 5:
        raise GelugenError(f"line {number} of the .hex file announces {raw[0]} bytes and has {len(raw) - 5}")
    if sum(raw) & 0xFF:
        raise GelugenError(f"line {number} of the .hex file is damaged: its checksum does not hold")
    if raw[3] not in _RECORDS or (raw[3] in (2, 4) and raw[0] != 2) or (raw[3] == 1 and raw[0]):
        kinds = ", ".join(f"{kind} ({name})" for kind, name in _RECORDS.items())
        raise GelugenError(f"line {number} of the .hex file has the record type {raw[3]}: known are {kinds}")
    return int.from_bytes(raw[1:3]), raw[3], raw[4:-1]


def _some(words: Words, ending: str) -> Words:
    if not words:
        raise GelugenError(f"the {ending} file has no words")
    return words
