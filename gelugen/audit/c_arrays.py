"""Arrays of integers in C and C++ text: hexadecimal, negative, cast, commented, nested, designated."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from gelugen.errors import GelugenError, short

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
_ARRAY = re.compile(
    r"(?P<type>[A-Za-z_][\w:]*(?:\s+[A-Za-z_][\w:]*)*)\s+(?P<name>[A-Za-z_]\w*)\s*(?:\[[^\]{}]*\]\s*)+"
    r"(?:[A-Za-z_]\w*\s*(?:\(\(.*?\)\)\s*)?)*=\s*\{"
    r"|array\s*<\s*(?P<element>[^<>,]*),[^<>]*>\s*(?P<other>[A-Za-z_]\w*)\s*=?\s*\{"
)
_CAST = re.compile(r"\(\s*(?:(?:unsigned|signed|const|std::)\s*)*(?:[a-z]\w*_t|char|short|int|long|q7|q15|\w*_t)\s*\)")
_MACRO = re.compile(r"\bU?INT(?:8|16|32|64)_C\s*(?=\()")
_STATIC = re.compile(r"\bstatic_cast\s*<[^<>]*>")
_SUFFIX = re.compile(r"\b(0[xX][0-9a-fA-F']+|0[bB][01']+|[\d']+)[uUlLzZ]+\b")
_OCTAL = re.compile(r"(?<![\w.])0([0-7]+)\b")
_WIDTHS = (
    (r"u?int(?:_least|_fast)?(8|16|32|64)(?:_t)?\b", 0),
    (r"q(7|15|31)_t\b", 1),  # Arm's: the sign bit is not counted
    (r"[us](8|16|32)\b", 0),
)
_MOST_DEPTH = 1 << 20


@dataclass(frozen=True)
class Array:
    """An array as it stands in the text.

    Attributes:
        name: of the array.
        words: its elements in order, those of rows one after another.
        bits: of its type, where the type says.
        signed: whether its type is signed, where it says.
    """

    name: str
    words: list[int]
    bits: int | None
    signed: bool | None


def arrays(text: str) -> list[Array]:
    """All arrays with initializers of integers, in order.

    Raises:
        GelugenError: braces do not close, or an element of an array of integers is no constant.
    """
    plain = _COMMENT.sub(lambda match: " " if match[0][0] == "/" else '""', text)
    found, position = [], 0
    while match := _ARRAY.search(plain, position):
        position = match.end()
        name = match["name"] or match["other"]
        body, position = _braces(plain, match.end(), name)
        bits, signed = _type(match["type"] or match["element"])
        words = _elements(body, name)
        if words:
            if signed and bits is not None:  # as a C compiler stores 0xFF in an int8_t
                words = [word - (1 << bits) if 1 << bits - 1 <= word < 1 << bits else word for word in words]
            found.append(Array(name, words, bits, signed))
    return found


def _braces(text: str, start: int, name: str) -> tuple[str, int]:
    """What stands between a brace that is open already and the one that closes it."""
    depth = 1
    for match in re.finditer(r"[{}]", text[start:]):
        depth += 1 if match[0] == "{" else -1
        if not depth:
            return text[start : start + match.start()], start + match.end()
    raise GelugenError(f"array {name} is cut short: no brace closes it")


def _type(text: str) -> tuple[int | None, bool | None]:
    for pattern, extra in _WIDTHS:
        if match := re.search(rf"\b{pattern}", text):
            unsigned = match[0].startswith("u")
            return int(match[1]) + extra, not unsigned
    words = text.split()
    if "short" in words:
        return 16, "unsigned" not in words
    if "char" in words:
        return 8, "unsigned" not in words
    return None, None


def _elements(body: str, name: str) -> list[int]:
    flat = _STATIC.sub("", _MACRO.sub("", _CAST.sub("", body.replace("{", " ").replace("}", ","))))
    flat = _OCTAL.sub(r"0o\1", _SUFFIX.sub(r"\1", flat)).replace("'", "")
    words: dict[int, int] = {}
    place = 0
    for item in flat.split(","):
        token = item.strip()
        if not token:
            continue
        if match := re.fullmatch(r"\[\s*(\w+)\s*\]\s*=\s*(.*)", token, re.DOTALL):
            place, token = _number(match[1], name, place), match[2]
            if not 0 <= place < _MOST_DEPTH:
                raise GelugenError(f"array {name} has the index {place}: it must be from 0 up and below {_MOST_DEPTH}")
        if re.search(r"\d\.|\.\d|\d[eE][+-]?\d+f?$|\df$", token) and not re.match(r"[+-]?0[xX]", token):
            if not words:
                return []  # an array of floats is no table of codes
            raise GelugenError(f"element {place} of array {name} is {short(token)}: it must be an integer")
        if not words and re.fullmatch(r"\"\"|&?[A-Za-z_][\w.]*", token):
            return []  # pointers, names
        words[place] = _number(token, name, place)
        place += 1
    if not words:
        return []
    return [words.get(index, 0) for index in range(max(words) + 1)]


_BINARY: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}
_UNARY: dict[type, Callable[[int], int]] = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert}


def _number(token: str, name: str, place: int) -> int:
    """A constant, or a sum, product or bit operation of constants."""
    try:
        return _value(ast.parse(token.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise GelugenError(
            f"element {place} of array {name} is {short(token.strip())}: it must be an integer constant"
        ) from None


def _value(node: ast.expr) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < 1 << 64:
        return node.value
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return _UNARY[type(node.op)](_value(node.operand))
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.LShift) and 0 <= right < 64:
            return left << right
        if type(node.op) in _BINARY:
            return _BINARY[type(node.op)](left, right)
    raise ValueError
