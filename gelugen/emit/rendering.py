"""What templates share: the Jinja environment and its number filters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2

import gelugen
from gelugen.assets import folder
from gelugen.emit.signals import Constant, Signal
from gelugen.formats import Format

if TYPE_CHECKING:
    from gelugen.emit.datapath import Sum


def c_rows(values: Iterable[int]) -> str:
    """Numbers of a C table, eight a row, aligned."""
    texts = [str(value) for value in values]
    width = max(map(len, texts))
    rows = [texts[start : start + 8] for start in range(0, len(texts), 8)]
    return ",\n".join("    " + ", ".join(text.rjust(width) for text in row) for row in rows)


def dec(value: int) -> str:
    """A plain decimal number."""
    return str(value)


def hexadecimal(value: int) -> str:
    """A 32-bit address."""
    return f"0x{value:08x}"


def enclosed(value: int) -> str:
    """A decimal number that can stand for an operand in C."""
    return f"({value})" if value < 0 else str(value)


def real(value: float) -> str:
    """A double in C, in as few digits as give it back."""
    return repr(value)


def times(value: int) -> str:
    """A factor behind a C operand; nothing where it is 1."""
    return "" if value == 1 else f" * {value}"


def plus(value: int) -> str:
    """A constant added to a C operand; nothing where it is 0."""
    return f" {'-' if value < 0 else '+'} {abs(value)}" if value else ""


def utimes(value: int) -> str:
    """An unsigned factor behind a C operand; nothing where it is 1."""
    return "" if value == 1 else f" * {value}u"


def uplus(value: int) -> str:
    """An unsigned constant added to a C operand; nothing where it is 0."""
    return f" + {value}u" if value else ""


def splus(value: int, width: int) -> str:
    """A constant added to a signed Verilog operand; nothing where it is 0."""
    return f" {'-' if value < 0 else '+'} {width}'sd{abs(value)}" if value else ""


def sdec(value: int, width: int) -> str:
    """A signed decimal Verilog literal."""
    return f"{'-' if value < 0 else ''}{width}'sd{abs(value)}"


def sliteral(value: int) -> str:
    """A signed decimal Verilog literal of as few bits as the value takes."""
    return Constant.of(value).name


def udec(value: int, width: int) -> str:
    """An unsigned decimal Verilog literal."""
    return f"{width}'d{value}"


def uhex(value: int, width: int) -> str:
    """An unsigned hexadecimal Verilog literal with all its digits."""
    return f"{width}'h{value:0{-(-width // 4)}x}"


def wild(value: int, width: int, free: int) -> str:
    """A binary pattern of casez: the top bits, and free ones behind."""
    return f"{width}'b{f'{value:0{width - free}b}' if width > free else ''}{'?' * free}"


def copies(signal: Signal, width: int) -> str:
    """A bit, so many times."""
    return signal.name if width == 1 else f"{{{width}{{{signal.name}}}}}"


def literal(value: int, signal: Signal) -> str:
    """A literal of a signal's width and kind."""
    return sdec(value, signal.width) if signal.signed else udec(value, signal.width)


def added(value: int, signal: Signal) -> str:
    """A constant added to an operand of a signal's width and kind."""
    return f" {'-' if value < 0 else '+'} {literal(abs(value), signal)}"


def code(value: int, form: Format) -> str:
    """An output code as a Verilog literal."""
    return sdec(value, form.bits) if form.signed else udec(value, form.bits)


def fit(signal: Signal, width: int, drop: int = 0, low: int = 0) -> str:
    """A Verilog signal as an expression of an exact width, dropped bits put back: no tool has to guess."""
    if isinstance(signal, Constant):
        return sdec((signal.value << drop) + low, width)
    ahead = width - signal.width - drop
    parts = [signal.name if ahead >= 0 else f"{signal.name}[{signal.top + ahead}:0]"]
    if ahead > 0:
        sign = f"{signal.name}[{signal.top}]"
        copies = sign if ahead == 1 else f"{{{ahead}{{{sign}}}}}"
        parts.insert(0, copies if signal.signed else f"{ahead}'d0")
    if drop:
        parts.append(udec(low, drop))
    return parts[0] if len(parts) == 1 else "{" + ", ".join(parts) + "}"


def padded(bit: str, width: int) -> str:
    """A bit as an unsigned number of a width."""
    return bit if width == 1 else f"{{{width - 1}'d0, {bit}}}"


def repeated(bit: str, width: int) -> str:
    """A bit, so many times."""
    return bit if width == 1 else f"{{{width}{{{bit}}}}}"


def kept(total: Sum, shift: int) -> str:
    """What the shift leaves of a sum, or what stands in its place past the end of the tables."""
    bits = f"{total.v.name}[{total.v.top}:{shift}]"
    if total.beyond is None:
        return bits
    ahead = total.r.width - (total.v.width - shift)
    if ahead:
        bits = f"{{{repeated(f'{total.v.name}[{total.v.top}]', ahead)}, {bits}}}"
    return f"{total.beyond.name} ? {sdec(total.rest, total.r.width)} : {bits}"


@cache
def environment() -> jinja2.Environment:
    """The environment: templates read like the language they make, and hold no arithmetic."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    filters = (
        dec,
        hexadecimal,
        enclosed,
        real,
        times,
        plus,
        utimes,
        uplus,
        splus,
        sdec,
        sliteral,
        udec,
        uhex,
        wild,
        copies,
        literal,
        added,
        code,
        fit,
        padded,
        repeated,
        kept,
    )
    for each in (*filters, c_rows):
        env.filters[each.__name__] = each
    env.globals["version"] = gelugen.__version__
    return env


def render(template: str, **context: Any) -> str:
    """Render a template of ``templates/``."""
    return environment().get_template(template).render(**context)


def render_block(template: str, block: str, **context: Any) -> str:
    """Render one block of a template alone."""
    found = environment().get_template(template)
    return "".join(found.blocks[block](found.new_context(context)))
