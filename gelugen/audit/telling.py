"""What is said of a table that was measured: one sentence first, then what else is known of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gelugen.audit.measuring import ROUNDINGS, TIES, Measured
from gelugen.audit.reading import Table
from gelugen.audit.search import Given, Hypothesis, search
from gelugen.audit.shapes import shape
from gelugen.audit.verdict import Audit, Claim, Finding
from gelugen.degenerate import warnings
from gelugen.formats import Format
from gelugen.functions import CATALOGUE, get_function
from gelugen.spec import Spec

_FORMS = ("gelu", "gelu_tanh", "gelu_sigmoid")
_FORM_WORDS = {"gelu": "erf form", "gelu_tanh": "tanh form", "gelu_sigmoid": "sigmoid form"}
_RUN = 0.25
"""The share of entries from which on a run of equal ones is worth a word."""


def tell(table: Table, found: list[Hypothesis], claim: Claim | None, best: Measured | None = None) -> Audit:
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
    return count_codes(int(np.abs(measured.difference).max()))


def count_codes(count: int) -> str:
    """So many codes, in words."""
    return "1 code" if count == 1 else f"{count} codes"


def lower(text: str) -> str:
    """A sentence as it stands within another."""
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
                text = (
                    f"{name} {scale} is not plain ReLU: {_entries(wrong)} would differ, by up to {count_codes(most)}."
                )
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
