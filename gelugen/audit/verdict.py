"""What is said of a table: one sentence first, then what it is, what is wrong, and whether a claim holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from gelugen.aims import Guarantee
from gelugen.audit.measuring import ROUNDINGS, TIES, Measured
from gelugen.audit.reading import Table
from gelugen.audit.scales import Nice
from gelugen.audit.search import Given, Hypothesis, search
from gelugen.audit.shapes import shape
from gelugen.audit.views import ORDERS, order_places
from gelugen.degenerate import warnings
from gelugen.dialects.choice import EXACT
from gelugen.errors import GelugenError, short
from gelugen.formats import Format
from gelugen.functions import CATALOGUE, get_function
from gelugen.spec import Spec

Level = Literal["ok", "note", "wrong"]
_FORMS = ("gelu", "gelu_tanh", "gelu_sigmoid")
_FORM_WORDS = {"gelu": "erf form", "gelu_tanh": "tanh form", "gelu_sigmoid": "sigmoid form"}
_RUN = 0.25
"""The share of entries from which on a run of equal ones is worth a word."""


@dataclass(frozen=True)
class Claim:
    """What somebody says a table is; each part may be left open.

    Attributes:
        function: in the notation of the catalogue.
        input, output: the formats.
        guarantee: correct unless given.
        ties: where halves go; any rule will do unless given.
        order: one of ``views.ORDERS``; any will do unless given.
        dialect: a runtime whose codes it holds; then function and formats must be given.
    """

    function: str | None = None
    input: Format | None = None
    output: Format | None = None
    guarantee: Guarantee | None = None
    ties: str | None = None
    order: str | None = None
    dialect: str = EXACT

    def __post_init__(self) -> None:
        if self.function is not None:
            object.__setattr__(self, "function", get_function(self.function).name)
        if self.ties is not None and self.ties not in TIES:
            raise GelugenError(f"ties {short(self.ties)} is not known: it must be one of {', '.join(TIES)}")
        if self.order is not None and self.order not in ORDERS:
            raise GelugenError(f"order {short(self.order)} is not known: it must be one of {', '.join(ORDERS)}")
        if self.dialect != EXACT and None in (self.function, self.input, self.output):
            raise GelugenError(f"dialect {self.dialect} is given without function, input and output: give all three")

    @property
    def given(self) -> Given:
        """What the search need not search."""
        return Given(self.function, self.input, self.output, self.order)

    @property
    def anything(self) -> bool:
        """Whether anything is claimed at all."""
        return self != Claim()

    def __str__(self) -> str:
        parts = [self.function or "a function of the catalogue"]
        if self.input is not None:
            parts.append(f"from {self.input.describe()}")
        if self.output is not None:
            parts.append(f"to {self.output.describe()}")
        if self.dialect != EXACT:
            parts.append(f"as {self.dialect} computes it")
        if self.order is not None:
            parts.append(f"in order {self.order}")
        return " ".join(parts) + f", {self.guarantee or 'correct'}" + (f", ties {self.ties}" if self.ties else "")


@dataclass(frozen=True)
class Finding:
    """One thing that is known of a table.

    Attributes:
        level: ok, note, or wrong.
        subject: a key for scripts.
        text: a sentence.
    """

    level: Level
    subject: str
    text: str


@dataclass(frozen=True, eq=False)
class Audit:
    """What is known of a table.

    Attributes:
        table: the words.
        sentence: the verdict in one sentence.
        measured: the best explanation, measured; None where there is none.
        others: other explanations that no entry tells apart from the best.
        findings: all else, in order.
        claim: what was claimed, None if nothing.
        holds: whether it holds; None if nothing was claimed.
        truth: with a claim that does not hold: what the table is instead, where that is clearer.
    """

    table: Table
    sentence: str
    measured: Measured | None
    others: tuple[Measured, ...] = ()
    findings: tuple[Finding, ...] = ()
    claim: Claim | None = None
    holds: bool | None = None
    truth: str = ""
    forms: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Everything, for a script."""
        data: dict[str, Any] = {
            "verdict": self.sentence,
            "holds": self.holds,
            "claim": str(self.claim) if self.claim else None,
            "instead": self.truth or None,
            "file": {
                "kind": self.table.kind,
                "name": self.table.name or None,
                "entries": len(self.table.words) - self.table.left_out,
                "bits": self.table.bits,
                "signed": self.table.signed,
            },
            "best": None if self.measured is None else _fields(self.measured),
            "others": [_fields(each, brief=True) for each in self.others],
            "forms": {name: {"differing": wrong, "at_most": most} for name, (wrong, most) in self.forms.items()},
            "findings": [{"level": each.level, "subject": each.subject, "text": each.text} for each in self.findings],
        }
        return data


def audit(table: Table, claim: Claim | None = None) -> Audit:
    """Say what a table is.

    Args:
        table: what ``read_table`` gave.
        claim: what it is said to be.

    Raises:
        GelugenError: a claim is contradictory in itself.
    """
    with np.errstate(all="ignore"):  # scales far off are tried too
        return _audit(table, claim if claim is not None and claim.anything else None)


def _audit(table: Table, claim: Claim | None) -> Audit:
    words = table.words
    if (words == words[0]).all():
        sentence = f"Every one of the {len(words)} entries is {words[0]}: this is no function."
        return Audit(table, sentence, None, claim=claim, holds=None if claim is None else False)
    if claim is None:
        return _told(table, search(table, Given()), None)
    if claim.input is not None and table.codes is None and len(words) < 1 << claim.input.bits:
        whole_table = _audit(table.filled(1 << claim.input.bits), claim)
        if whole_table.holds:
            return whole_table
    if claim.dialect != EXACT:
        return _of_dialect(table, claim)
    if claim.input is not None and len(words) != 1 << claim.input.bits:
        found = _told(table, search(table, Given()), None)
        wants = 1 << claim.input.bits
        sentence = f"Not what is claimed: {claim.input.describe()} needs {wants} entries, and there are {len(words)}."
        return _refuted(found, claim, sentence, found.sentence)
    claimed = search(table, claim.given)
    best = _best_claimed(claimed, claim)
    if best is not None:
        kept = _broken(best, claim) == 0 and _slip(best) == ""
        found = _told(table, claimed, claim, best)
        if kept:
            return _with(found, claim, True, _holding(best, claim, found.sentence))
    free = search(table, Given())
    whole = _told(table, free, None)
    if best is None:
        return _refuted(whole, claim, f"Not what is claimed: nothing like {claim} fits.", whole.sentence)
    broken = _broken(best, claim)
    sentence = f"Not what is claimed: {_why(best, claim, broken)}."
    truth = ""
    if whole.measured is not None and _better(whole.measured, best):
        truth = whole.sentence
    return _with(found, claim, False, sentence, truth)


def _holding(measured: Measured, claim: Claim, sentence: str) -> str:
    """The verdict of a claim that holds; that something else holds too is said before all."""
    if measured.is_relu and claim.function not in (None, "relu"):
        return f"As claimed, but it is {_lower(sentence)}"
    return f"As claimed: {_lower(sentence)}".replace("entries are wrong", "entries are not correctly rounded")


def _with(found: Audit, claim: Claim, holds: bool, sentence: str, truth: str = "") -> Audit:
    return Audit(found.table, sentence, found.measured, found.others, found.findings, claim, holds, truth, found.forms)


def _refuted(found: Audit, claim: Claim, sentence: str, truth: str) -> Audit:
    return _with(found, claim, False, sentence, truth)


def _better(free: Measured, claimed: Measured) -> bool:
    """Whether what was found without the claim says clearly more."""
    same = free.hypothesis.candidate.name == claimed.hypothesis.candidate.name and free.wrong >= claimed.wrong
    return not same and free.wrong < max(claimed.wrong, 1) and free.near


def _best_claimed(found: list[Hypothesis], claim: Claim) -> Measured | None:
    """The explanation that breaks the claim at fewest entries."""
    measured = [Measured(each, claim.input) for each in found[:4]]
    return min(measured, key=lambda each: _broken(each, claim), default=None)


def _slip(measured: Measured) -> str:
    """What is wrong with the words themselves."""
    view = measured.hypothesis.view
    if view.reading.slip and not view.reading.notation:
        return view.reading.slip
    if view.padding or view.repeat > 1 or view.order.startswith("rotated"):
        return "the table is rotated, padded or repeated"
    return ""


def _broken(measured: Measured, claim: Claim) -> int:
    """At how many entries the guarantee does not hold."""
    guarantee = claim.guarantee or Guarantee("correct")
    if guarantee.kind == "correct":
        if claim.ties is not None:
            return int(np.count_nonzero(measured.codes(claim.ties) != measured.numbers))
        names = TIES if measured.ties.any() else ("even",)
        return min(int(np.count_nonzero(measured.codes(name) != measured.numbers)) for name in names)
    low, high = (each[: measured.count] for each in measured.golden.bounds(guarantee))
    return int(np.count_nonzero((measured.numbers < low) | (measured.numbers > high)))


def _why(measured: Measured, claim: Claim, broken: int) -> str:
    function = measured.hypothesis.candidate.name
    if not broken:
        return f"the codes are those of {function}, but {_slip(measured)}"
    codes = measured.codes(claim.ties or "even")
    gap = measured.numbers - codes
    places = np.flatnonzero(gap)
    worst = int(np.abs(gap).max()) if len(places) else 0
    first = f"first at code {measured.code(int(places[0]))}" if len(places) else ""
    what = "are not correctly rounded" if claim.guarantee is None or claim.guarantee.kind == "correct" else "break it"
    also = f" under {claim.guarantee}" if what == "break it" else ""
    return f"{broken} of {measured.count} entries {what}{also} for {function}, by up to {_codes(worst)}, {first}" + (
        f"; and {_slip(measured)}" if _slip(measured) else ""
    )


def _of_dialect(table: Table, claim: Claim) -> Audit:
    """A runtime's codes against the table, in the order that fits best."""
    assert claim.function is not None and claim.input is not None and claim.output is not None  # noqa: S101, PT018
    outside = "clamp" if get_function(claim.function).domain_text else None
    spec = Spec(claim.function, claim.input, claim.output, dialect=claim.dialect, outside=outside)
    truth = spec.golden()
    found = _told(table, search(table, Given()), None)
    if len(table.words) != len(truth.codes):
        sentence = f"Not what is claimed: {len(truth.codes)} entries are needed, and there are {len(table.words)}."
        return _refuted(found, claim, sentence, found.sentence)
    mask = (1 << claim.output.bits) - 1
    low, high = truth.bounds(claim.guarantee or Guarantee("correct"))
    best: tuple[int, str, int] | None = None
    for order in (claim.order,) if claim.order else ORDERS[: 4 if claim.input.signed else 1]:
        words = table.words[order_places(len(truth.codes), order)]
        values = words & mask
        values = np.where(values > claim.output.code_max, values - mask - 1, values)
        broken = (values < low) | (values > high)
        wrong = int(np.count_nonzero(broken))
        if best is None or wrong < best[0]:
            best = (wrong, order, int(claim.input.code_min + broken.argmax()))
    assert best is not None  # noqa: S101
    if best[0]:
        text = f"{best[0]} of {len(truth.codes)} entries differ from {claim.dialect} in order {best[1]}, first at code "
        return _refuted(found, claim, f"Not what is claimed: {text}{best[2]}.", found.sentence)
    return _with(found, claim, True, f"As claimed: {claim.function} as {claim.dialect} computes it, order {best[1]}.")


# -- the telling ------------------------------------------------------------------------------------------------


def _told(table: Table, found: list[Hypothesis], claim: Claim | None, best: Measured | None = None) -> Audit:
    """All that can be said of a table from its explanations."""
    if not found:
        return Audit(table, "No function of the catalogue comes near this table.", None)
    given_input = claim.input if claim else None
    measured = best or Measured(found[0], given_input)
    others = _others(measured, found, given_input)
    forms = {}
    if measured.hypothesis.candidate.name in _FORMS:
        forms = {name: measured.differing(name) for name in _FORMS}
    if not measured.near:
        text = f"{measured.wrong} of {measured.count} entries differ from it, by up to {_most(measured)}"
        sentence = (
            f"No function of the catalogue fits: the nearest is {measured.hypothesis.candidate.name}, and {text}."
        )
        return Audit(table, sentence, measured, (), tuple(_of_words(table, measured)))
    findings = [*_of_words(table, measured), *_of_codes(measured), *_of_relu(table, measured, found, claim)]
    findings += _of_degenerate(measured)
    sentence = _sentence(measured, forms)
    if measured.is_relu and (told := [each.text for each in findings if each.subject == "relu_gelu"]):
        sentence = f"{sentence} {told[0][0].upper()}{told[0][1:]}".replace("Gelu ", "GELU ")
    return Audit(table, sentence, measured, tuple(others), tuple(findings), forms=forms)


def _others(measured: Measured, found: list[Hypothesis], given_input: Format | None) -> list[Measured]:
    """Explanations that explain as many entries, at most one for each entry of the catalogue."""
    others: list[Measured] = []
    names = {measured.hypothesis.candidate.name.partition(":")[0]}
    for each in found[:12]:
        name = each.candidate.name.partition(":")[0]
        if name in names or each.wrong > measured.wrong or each.bits > measured.hypothesis.bits + 60:
            continue
        other = Measured(each, given_input)
        if other.wrong <= measured.wrong:
            names.add(name)
            others.append(other)
    return others[:4]


def _sentence(measured: Measured, forms: Mapping[str, tuple[int, int]]) -> str:
    """The verdict."""
    view = measured.hypothesis.view
    extra = []
    if view.reading.slip:
        extra.append(view.reading.slip.partition(":")[0])
    if view.order.endswith("-reversed"):
        extra.append("the order is reversed")
    if view.order.startswith("rotated"):
        extra.append("the table is rotated")
    if view.repeat > 1:
        extra.append(f"every word stands {view.repeat} times")
    if view.padding:
        extra.append(f"{view.padding} words of padding follow")
    if view.left_out:
        extra.append(f"{_zero_words(view.left_out)} at the end {'is' if view.left_out == 1 else 'are'} left out")
    text = "; ".join([_what(measured, forms), *extra])
    known = text.partition(" ")[0].strip(",;:") in CATALOGUE
    return f"{text if known else text[0].upper() + text[1:]}."


def _what(measured: Measured, forms: Mapping[str, tuple[int, int]]) -> str:
    """Function, rounding and wrong entries, in words."""
    name = measured.hypothesis.candidate.name
    if measured.is_relu:
        return f"plain ReLU in all {measured.count} entries"
    what = name
    alike = [each for each, (wrong, _) in forms.items() if wrong == 0]
    if name in alike and len(alike) > 1:
        what = f"GELU, {' or '.join(_FORM_WORDS[each] for each in alike)} (these formats do not tell them apart)"
    elif name in _FORM_WORDS:
        what = f"GELU, {_FORM_WORDS[name]}"
    elif name == "leaky_relu:slope=1":
        what = "the identity, a straight line"
    if not measured.wrong:
        rounding = measured.rounding
        how = "correctly rounded" if rounding in (*TIES, "nearest") else f"rounded {ROUNDINGS[rounding]}"
        return f"{what}, {how} in all {measured.count} entries"
    text = f"{what}, but {measured.wrong} of {measured.count} entries are wrong, by up to {_most(measured)}"
    slips = measured.slips()
    if slips and len(slips[0].places) * 2 > measured.wrong:
        text += f": {slips[0].text.partition(':')[0]}"
    return text


def _most(measured: Measured) -> str:
    return _codes(int(np.abs(measured.difference).max()))


def _codes(count: int) -> str:
    return "1 code" if count == 1 else f"{count} codes"


def _lower(text: str) -> str:
    return text if text[:2].isupper() or text[1:2].isupper() else text[0].lower() + text[1:]


def _of_words(table: Table, measured: Measured) -> list[Finding]:
    """The words and their order."""
    view = measured.hypothesis.view
    found: list[Finding] = []
    if view.reading.slip:
        found.append(Finding("note" if view.reading.notation else "wrong", "words", _capital(view.reading.slip)))
    if view.order.startswith("rotated"):
        by = int(view.order.partition(":")[2])
        near = by if by <= len(view) // 2 else by - len(view)
        found.append(
            Finding("wrong", "order", f"The table is rotated: its smallest input code is at entry {by} ({near:+d}).")
        )
    if view.order.endswith("-reversed"):
        found.append(Finding("note", "order", "The order is reversed: the first entries are for the largest inputs."))
    if view.padding:
        last = int(table.words[-1])
        text = f"The last {view.padding} of {len(table.words)} entries are padding: all hold {last}."
        found.append(Finding("note", "unused", text))
    if view.left_out:
        text = f"The file leaves out {_zero_words(view.left_out)} at the end: a table has {len(view)} entries."
        found.append(Finding("note", "left_out", text))
    if view.repeat > 1:
        bits = view.repeat.bit_length() - 1
        text = f"Every word stands {view.repeat} times: {_bits(bits)} of the input never matter{'s' * (bits == 1)}."
        found.append(Finding("note", "unused", text))
    wide, bits = table.bits, view.reading.bits
    if wide is not None and bits < wide and not view.reading.slip:
        found.append(Finding("note", "unused", f"Codes have {bits} bits, in words of {wide}."))
    return found


def _bits(count: int) -> str:
    return "the low bit" if count == 1 else f"the low {count} bits"


def _of_codes(measured: Measured) -> list[Finding]:
    """Zero, tails, slips, rounding, the place of x = 0."""
    found: list[Finding] = []
    hypothesis = measured.hypothesis
    zero, count = hypothesis.zero, measured.count
    if zero == int(zero) and 0 <= zero < count:
        place = int(zero)
        is_, right = int(measured.numbers[place]), int(measured.right[place])
        at_zero = float(shape(hypothesis.candidate.name)(np.zeros(1))[0])
        what = (
            f"f(0) = {at_zero:.4g}: entry {int(hypothesis.view.places[place])}, for input code {measured.code(place)}"
        )
        if is_ == right:
            found.append(Finding("ok", "zero", f"{what}, is {is_}: right."))
        else:
            found.append(Finding("wrong", "zero", f"{what}, is {is_}: it should be {right}."))
        away = place - count // 2
        if measured.input is not None and measured.input.signed and 0 < abs(away) <= 2:
            text = (
                f"x = 0 is at input code {away}: a zero point of {away}, or the table is shifted by {_entries(away)}."
            )
            found.append(Finding("note", "shift", text))
    elif zero != int(zero):
        low, high = measured.x[0], measured.x[-1]
        text = f"x = 0 lies between two entries: the inputs are linspace({low:.6g}, {high:.6g}, {count})."
        found.append(Finding("note", "zero", text))
    for side, name in ((0, "left"), (1, "right")):
        if tail := measured.tail(side):
            places, line = tail
            wrong = int(np.count_nonzero(measured.difference[places]))
            ends = f"input codes {measured.code(int(places[0]))} to {measured.code(int(places[-1]))}, y = {line}"
            if not wrong:
                found.append(Finding("ok", f"{name}_tail", f"The {name} tail ({ends}) is right."))
            else:
                text = f"The {name} tail ({ends}) is wrong at {wrong} of {len(places)} entries"
                constant = np.unique(measured.numbers[places][measured.difference[places] != 0])
                text += f": they hold {constant[0]}." if len(constant) == 1 else "."
                found.append(Finding("wrong", f"{name}_tail", text))
    for slip in measured.slips():
        first = measured.code(int(slip.places[0]))
        found.append(
            Finding("wrong", "slip", f"{_entries(len(slip.places))}, first at input code {first}: {slip.text}.")
        )
    others = {name: wrong for name, wrong in measured.roundings.items() if wrong > measured.wrong}
    if others and measured.rounding != "nearest":
        least = ", ".join(f"{wrong} with {_short_rounding(name)}" for name, wrong in others.items())
        text = f"Rounded {ROUNDINGS[measured.rounding]}: {_count_wrong(measured.wrong)}; {least}."
        found.append(Finding("note", "rounding", text))
    return found


def _short_rounding(name: str) -> str:
    return f"ties {name}" if name in TIES else "rounding to nearest" if name == "nearest" else name


def _count_wrong(count: int) -> str:
    return "no entry differs" if not count else f"{_entries(count)} differ"


def _entries(count: int) -> str:
    return "1 entry" if abs(count) == 1 else f"{abs(count)} entries"


def _zero_words(count: int) -> str:
    return "1 zero word" if count == 1 else f"{count} zero words"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _of_relu(table: Table, measured: Measured, found: list[Hypothesis], claim: Claim | None) -> list[Finding]:
    """A table that is plain ReLU, and whether GELU would be too."""
    if not measured.is_relu:
        return []
    told: list[Finding] = []
    if measured.hypothesis.candidate.name != "relu":
        name = measured.hypothesis.candidate.name
        text = f"This is plain ReLU in all {measured.count} entries: nothing of {name} shows."
        told.append(Finding("wrong", "relu", text))
    for name in ("gelu", "gelu_tanh"):
        if claim is not None and claim.input is not None:
            wrong, most = measured.differing(name)
            scale = f"at input scale {claim.input.scale:.6g}"
            if not wrong:
                text = f"{name} {scale} is plain ReLU too, in all {measured.count} entries: take finer scales."
            else:
                text = f"{name} {scale} is not plain ReLU: {_entries(wrong)} would differ, by up to {_codes(most)}."
            told.append(Finding("note" if not wrong else "wrong", f"relu_{name}", text))
            continue
        near = [each for each in found if each.candidate.name == name] or search(table, Given(name))
        same = (measured.hypothesis.zero, measured.hypothesis.level)
        gelus = [each for each in near if not each.wrong and each.scale_range and (each.zero, each.level) == same]
        if gelus and gelus[0].scale_range and gelus[0].scale_range[0] > 0:
            low = gelus[0].scale_range[0]
            text = (
                f"{name} rounds to plain ReLU too, in all entries, from an input scale of {low:.4g} up (the output's "
                f"in proportion); at a finer scale this table is not {name}."
            )
            told.append(Finding("note", f"relu_{name}", text))
        elif not gelus and measured.hypothesis.candidate.name == "relu":
            told.append(Finding("note", f"relu_{name}", f"No scale was found at which {name} gives it."))
    return told


def _of_degenerate(measured: Measured) -> list[Finding]:
    """Runs, saturation, low bits that never matter."""
    hypothesis, formats = measured.hypothesis, measured.input
    said: list[Finding] = []
    if measured.is_relu:
        return []
    if formats is not None and not measured.wrong:
        function = hypothesis.candidate.function
        outside = "clamp" if get_function(hypothesis.candidate.name).domain_text else None
        spec = Spec(hypothesis.candidate.name, formats, measured.output, outside=outside)
        if spec.definition is function or outside is None:
            said = [Finding("note", "unused", f"{text[0].upper()}{text[1:]}.") for text in warnings(spec)]
    numbers, count = measured.numbers, measured.count
    for side, name in ((0, "first"), (1, "last")):
        line = numbers[::-1] if side else numbers
        changed = np.flatnonzero(line != line[0])
        run = int(changed[0]) if len(changed) else count
        if run >= _RUN * count and not said:
            code = measured.code(run - 1) if not side else measured.code(count - run)
            ends = f"up to input code {code}" if not side else f"from input code {code} on"
            text = (
                f"The {name} {run} of {count} entries for rising x ({ends}) all hold {line[0]}: a comparator would do."
            )
            said.append(Finding("note", "unused", text))
    return said


# -- fields -----------------------------------------------------------------------------------------------------


def _fields(measured: Measured, brief: bool = False) -> dict[str, Any]:
    """An explanation, for a script."""
    found = measured.hypothesis
    view = found.view
    data: dict[str, Any] = {
        "function": found.candidate.name,
        "input": {
            "scale": None if found.candidate.scale_free and measured.given_input is None else found.scale.value,
            "scale_range": _range(found.scale_range),
            "zero_point": None if measured.input is None else measured.input.zero_point,
            "format": None if measured.input is None else str(measured.input),
            "zero_at": found.zero,
        },
        "output": {
            "scale": found.step.value,
            "scale_range": _range(found.step_range),
            "zero_point": found.level,
            "format": str(measured.output),
        },
        "order": view.order,
        "rounding": measured.rounding,
        "wrong": measured.wrong,
        "bits": round(found.bits, 1),
    }
    if not brief:
        data |= {
            "roundings": measured.roundings,
            "max_ulp": float(np.abs(measured.ulp).max()),
            "mean_ulp": float(np.abs(measured.ulp).mean()),
            "histogram": {str(gap): count for gap, count in measured.histogram().items()},
            "worst": [row(measured, place) for place in measured.worst(10)],
        }
    return data


def row(measured: Measured, place: int) -> dict[str, Any]:
    """A wrong entry: where it is, what it is and what is right."""
    return {
        "index": int(measured.hypothesis.view.places[place]) * measured.hypothesis.view.repeat,
        "code": measured.code(place),
        "x": float(measured.x[place]),
        "is": int(measured.numbers[place]),
        "right": int(measured.right[place]),
        "ulp": round(float(measured.ulp[place]), 4),
    }


def _range(ends: tuple[float, float] | None) -> list[float | None] | None:
    if ends is None:
        return None
    return [each if 0 < each < 1e29 else None for each in ends]


def scale_text(scale: Nice) -> str:
    """A scale as it would have been written, with its value."""
    if scale.text == "scale=fit":
        return f"{scale.value:.7g} (just holds the range)"
    try:
        return scale.text if float(scale.text) == scale.value else f"{scale.value:.7g}"
    except ValueError:
        return f"{scale.text} ({scale.value:.7g})" if "any" not in scale.text else "any"
