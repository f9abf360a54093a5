"""Mechanical mutations of a Jinja template: one operator or one printed constant at a time.

Only what stands between ``{# datapath #}`` and ``{# end of datapath #}`` is mutated, but for what is between ``{# check
of a file #}`` and ``{# end of check #}``; and of that only what ends up as code: neither Jinja's control flow nor a
comment of the emitted language.

| what | becomes |
|---|---|
| ``+ - * << >> &`` in the code, or in a string that is printed | its counterpart: ``- + + >> << |`` |
| ``<`` and ``>`` | with equality; and turned round. (``<=`` is the Verilog assignment and stays.) |
| ``>=`` | without equality; and turned round |
| ``&&``, ``^``, ``~`` | the other connective; ``&``; nothing |
| ``a ? b : c`` | ``a == 0 ? b : c``, which takes the other branch |
| a number in the code | one more |
| a sign in a printed expression (``-term.half``) | dropped |
| a cast in C | dropped |
| ``||``, ``!`` and ``1'b0`` in Verilog | ``&&``; nothing; ``1'b1``, and the other way round |
| a number printed by a filter | one more; if printed by ``dec``, also one less |
| the width of a printed Verilog literal that is not 0 | one less |
| ``fit`` | to one bit less; one dropped bit more; the other kind of extension |
| a declared vector | one bit narrower; signed for unsigned and the other way round |

Widths are not made larger: an assignment takes the excess off again, so such a mutant computes the same. It is the
linters' to find.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import jinja2

from gelugen.emit.datapath import Signal
from gelugen.emit.rendering import environment, fit

START, END = "{# datapath #}", "{# end of datapath #}"
CHECK, END_CHECK = "{# check of a file #}", "{# end of check #}"
OPERATORS = {
    "+": ["-"],
    "-": ["+"],
    "*": ["+"],
    "<<": [">>"],
    ">>": ["<<"],
    "&": ["|"],
    "<": ["<=", ">"],
    ">": [">=", "<"],
    ">=": [">", "<"],
    "&&": ["||"],
    "^": ["&"],
    "~": [""],
    "?": ["== 0 ?"],
    "+=": ["-="],
    "-=": ["+="],
}
NUMBER_FILTERS = {"dec", "sdec", "udec", "uhex", "wild", "literal", "added", "code", "times", "plus", "splus"}
LITERAL_FILTERS = {"sdec", "udec", "uhex", "literal", "added", "code", "splus"}
FIT_MUTANTS = {"fit_less": "one bit less", "fit_more_drop": "one dropped bit more", "fit_other": "the other extension"}
_CODE = re.compile(r"<=|>=|&&|\+=|-=|<<|>>|[-+*&<>?^~]|(?<![\w'])\d+(?![\w'])")
_STEP = re.compile(r"\b(\w+) = \1 \+ \w+\)")
_FLAG = re.compile(r"\|\||!(?!=)|1'b[01]")
FLAGS = {"||": "&&", "!": "", "1'b0": "1'b1", "1'b1": "1'b0"}
_CAST = re.compile(r"\((?:\{\{ (?:int|unsigned|out_type) \}\}|u?int32_t)\)(?!\s)")


@dataclass(frozen=True)
class Mutant:
    """A template's text with one change.

    Attributes:
        id: what was changed, in its line: stays the same while the line does.
        source: the text of the template.
        place: of the change in the unchanged text.
    """

    id: str
    source: str
    place: int


@dataclass(frozen=True)
class Edit:
    """Replace ``source[start:end]`` by ``new``; ``note`` says what it means, if the texts do not."""

    start: int
    end: int
    new: str
    note: str = ""


@dataclass(frozen=True)
class Token:
    """A token of Jinja and its place."""

    start: int
    kind: str
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def mutants(source: str, language: str) -> list[Mutant]:
    """All mutants of a template, in the order of their places.

    Args:
        source: the template.
        language: ``c`` or ``verilog``.
    """
    first, last = source.index(START) + len(START), source.index(END)
    start, end = source.find(CHECK), source.find(END_CHECK)
    inside = [
        edit
        for edit in _edits(source, language)
        if first <= edit.start and edit.end <= last and not start <= edit.start < end
    ]
    seen: Counter[str] = Counter()
    result = []
    for edit in sorted(inside, key=lambda each: each.start):
        shown = _shown(source, edit)
        seen[shown] += 1
        number = f" #{seen[shown]}" if seen[shown] > 1 else ""
        result.append(Mutant(shown + number, source[: edit.start] + edit.new + source[edit.end :], edit.start))
    return result


PROBE = "probe"
"""The function of a template's context that is called with every place that is reached."""


def probed(source: str) -> tuple[str, dict[int, str]]:
    """A template that tells which of its places are reached, and these places with the lines they stand in.

    The change of a mutant is at the last place before it.
    """
    first, last = source.index(START) + len(START), source.index(END)
    places, parts, at = {}, [], 0
    for token in _tokens(source):
        if first <= token.start < last and token.kind in ("data", "variable_begin") and token.text.strip():
            places[token.start] = source[token.start :].lstrip().partition("\n")[0]
            parts += [source[at : token.start], f"{{{{ {PROBE}({token.start}) }}}}"]
            at = token.start
    return "".join([*parts, source[at:]]), places


def _shown(source: str, edit: Edit) -> str:
    """A change within its line, which is cut where it is long."""
    begin = source.rindex("\n", 0, edit.start) + 1
    before = source[begin : edit.start].lstrip()
    after = source[edit.end : source.index("\n", edit.end)]
    before = before if len(before) <= 40 else "..." + before[-37:]
    after = after if len(after) <= 25 else after[:22] + "..."
    change = edit.note or f"{source[edit.start : edit.end]} -> {edit.new}"
    return f"{before}[{change}]{after}"


def _edits(source: str, language: str) -> Iterator[Edit]:
    tokens = _tokens(source)
    comments = _comments(source, tokens, language)
    printed: list[Token] = []
    depth = None
    for token in tokens:
        if token.kind == "variable_begin":
            depth, printed = "variable", []
        elif token.kind == "variable_end":
            if not comments.get(token.start):
                yield from _printed_edits(printed)
            depth = None
        elif depth == "variable" and token.kind != "whitespace":
            printed.append(token)
        elif token.kind == "data":
            made = [*_code_edits(token.text, token.start)]
            if language == "verilog":
                made += [
                    Edit(token.start + each.start(), token.start + each.end(), FLAGS[each[0]])
                    for each in _FLAG.finditer(token.text)
                ]
            yield from (edit for edit in made if not comments.get(edit.start))
    if language == "c":
        yield from (Edit(match.start(), match.end(), "", f"drop {match[0]}") for match in _CAST.finditer(source))


def _tokens(source: str) -> list[Token]:
    """Jinja's own tokens, which add up to the source, but for blanks that a ``-`` takes off."""
    tokens, place = [], 0
    for _, kind, text in jinja2.Environment(keep_trailing_newline=True).lexer.tokeniter(source, None):
        found = source.index(text, place)
        assert not source[place:found].strip()
        tokens.append(Token(found, kind, text))
        place = found + len(text)
    assert place == len(source)
    return tokens


def _comments(source: str, tokens: list[Token], language: str) -> dict[int, bool]:
    """The places that a comment of the emitted language holds."""
    places: dict[int, bool] = {}
    begin, end = (r"//", r"\n") if language == "verilog" else (r"/\*", r"\*/")
    for token in tokens:
        for match in re.finditer(begin, token.text) if token.kind == "data" else ():
            start = token.start + match.start()
            stop = re.compile(end).search(source, start)
            assert stop is not None
            places.update(dict.fromkeys(range(start, stop.end()), True))
    return places


def _code_edits(text: str, start: int) -> Iterator[Edit]:
    steps = [range(*match.span()) for match in _STEP.finditer(text)]
    for match in _CODE.finditer(text):
        place = start + match.start(), start + match.end()
        if match[0].isdigit():
            yield Edit(*place, str(int(match[0]) + 1))
        if any(match.start() in step for step in steps):
            continue  # a loop that runs the other way has no end
        for other in OPERATORS.get(match[0], ()):
            yield Edit(*place, other)


def _printed_edits(tokens: list[Token]) -> Iterator[Edit]:
    """The changes of one ``{{ ... }}``."""
    for at, token in enumerate(tokens):
        before = tokens[at - 1].text if at else ""
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        if token.kind == "string" and before not in ("==", "!="):
            yield from _code_edits(token.text, token.start)
        elif token.text == "-" and after is not None and after.kind == "name" and before in ("", "(", "~"):
            yield Edit(token.start, token.end, "", "drop -")
        elif token.text in ("vector", "declared") and before == ".":
            yield Edit(token.end, token.end, " | narrower", "one bit narrower")
            yield Edit(token.end, token.end, " | other_sign", "other sign")
        elif before == "|" and token.text == "fit":
            yield from (Edit(token.start, token.end, name, f"fit {what}") for name, what in FIT_MUTANTS.items())
        elif before == "|" and token.text in NUMBER_FILTERS:
            yield Edit(token.start, token.start, "one_more | ", "one more: ")
            if token.text == "dec":
                yield Edit(token.start, token.start, "one_less | ", "one less: ")
            if token.text in LITERAL_FILTERS and tokens[at - 2].text != "0":
                end = _call_end(tokens, at)
                yield Edit(end, end, " | narrower_literal", "width one less")


def _call_end(tokens: list[Token], at: int) -> int:
    """The end of a filter's call, with its arguments."""
    depth = 0
    for token in tokens[at + 1 :]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if not depth:
            return token.end
    raise AssertionError("a filter's parenthesis does not close")


# -- rendering ---------------------------------------------------------------------------------------------


@cache
def mutant_environment() -> jinja2.Environment:
    """The environment of the emitter, with the filters that mutants use."""
    env = environment().overlay()
    more = (one_more, one_less, narrower, other_sign, narrower_literal, fit_less, fit_more_drop, fit_other)
    env.filters = {**env.filters, **{each.__name__: each for each in more}}
    return env


@cache
def mutated(outer: str, inner: str, source: str) -> jinja2.Template:
    """A template, with another text for one that it includes, or for itself."""
    env = mutant_environment()
    assert env.loader is not None
    over = env.overlay(loader=jinja2.ChoiceLoader([jinja2.DictLoader({inner: source}), env.loader]))
    over.filters = env.filters
    return over.get_template(outer)


def one_more(value: int) -> int:
    return value + 1


def one_less(value: int) -> int:
    return value - 1


def narrower(vector: str) -> str:
    return re.sub(r"\d+(?=:)", lambda match: str(max(int(match[0]) - 1, 0)), vector)


def other_sign(vector: str) -> str:
    return vector.removeprefix("signed ") if vector.startswith("signed ") else f"signed {vector}"


def narrower_literal(text: str) -> str:
    return re.sub(r"\d+(?=')", lambda match: str(max(int(match[0]) - 1, 1)), text)


def fit_less(signal: Signal, width: int, drop: int = 0, low: int = 0) -> str:
    return fit(signal, max(width - 1, 1), drop, low)


def fit_more_drop(signal: Signal, width: int, drop: int = 0, low: int = 0) -> str:
    if width < signal.width:
        return f"{{{signal.name}[{width - 2}:0], 1'd0}}"
    return fit(signal, width, drop + 1, low)


def fit_other(signal: Signal, width: int, drop: int = 0, low: int = 0) -> str:
    return fit(replace(signal, signed=not signal.signed), width, drop, low)
