"""The verdict on a table: what it is, and whether what is claimed of it holds."""

from __future__ import annotations

import numpy as np

from gelugen.aims import Guarantee
from gelugen.audit.measuring import TIES, Measured
from gelugen.audit.reading import Table
from gelugen.audit.search import Given, Hypothesis, search
from gelugen.audit.telling import count_codes, lower, tell
from gelugen.audit.verdict import Audit, Claim
from gelugen.audit.views import ORDERS, order_places
from gelugen.dialects.choice import EXACT
from gelugen.functions import get_function
from gelugen.spec import Spec


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
        return tell(table, search(table, Given()), None)
    if claim.input is not None and table.codes is None and len(words) < 1 << claim.input.bits:
        whole_table = _audit(table.filled(1 << claim.input.bits), claim)
        if whole_table.holds:
            return whole_table
    if claim.dialect != EXACT:
        return _of_dialect(table, claim)
    if claim.input is not None and len(words) != 1 << claim.input.bits:
        found = tell(table, search(table, Given()), None)
        wants = 1 << claim.input.bits
        sentence = f"Not what is claimed: {claim.input.describe()} needs {wants} entries, and there are {len(words)}."
        return _refuted(found, claim, sentence, found.sentence)
    claimed = search(table, claim.given)
    best = _best_claimed(claimed, claim)
    if best is not None:
        kept = _broken(best, claim) == 0 and _slip(best) == ""
        found = tell(table, claimed, claim, best)
        if kept:
            return _with(found, claim, True, _holding(best, claim, found.sentence))
    free = search(table, Given())
    whole = tell(table, free, None)
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
        return f"As claimed, but it is {lower(sentence)}"
    return f"As claimed: {lower(sentence)}".replace("entries are wrong", "entries are not correctly rounded")


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
    return (
        f"{broken} of {measured.count} entries {what}{also} for {function}, by up to {count_codes(worst)}, {first}"
        + (f"; and {_slip(measured)}" if _slip(measured) else "")
    )


def _of_dialect(table: Table, claim: Claim) -> Audit:
    """A runtime's codes against the table, in the order that fits best."""
    assert claim.function is not None and claim.input is not None and claim.output is not None  # noqa: S101, PT018
    outside = "clamp" if get_function(claim.function).domain_text else None
    spec = Spec(claim.function, claim.input, claim.output, dialect=claim.dialect, outside=outside)
    truth = spec.golden()
    found = tell(table, search(table, Given()), None)
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
