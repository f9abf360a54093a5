"""The command ``audit``."""

from __future__ import annotations

import argparse
from pathlib import Path

from gelugen.accuracy import shown
from gelugen.aims import Guarantee
from gelugen.audit import Audit, Claim, read_table
from gelugen.audit import audit as audited
from gelugen.audit.measuring import ROUNDINGS, Measured
from gelugen.audit.verdict import row, scale_text
from gelugen.cli.printing import print_json, print_table, progress
from gelugen.dialects.choice import EXACT
from gelugen.formats import Format

_MARKS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}
_ORDERS = {
    "offset": "entry i is for input code i{first}",
    "low_bits": "entry i is for the input code whose bits are i: negative codes last",
    "codes": "by the file's own column of input codes",
}


def audit(options: argparse.Namespace) -> int:
    """Read a table, say what it is; 1 if it is not what was claimed."""
    claim = Claim(
        function=options.function,
        input=None if options.input is None else Format.parse(options.input),
        output=None if options.output is None else Format.parse(options.output),
        guarantee=None if options.guarantee is None else Guarantee.parse(options.guarantee),
        ties=options.ties,
        order=options.order,
        dialect=options.dialect or EXACT,
    )
    table = read_table(Path(options.file), options.format, options.array)
    with progress() as say:
        say(f"{options.file}: {len(table.words)} words")
        found = audited(table, claim)
    if options.json:
        print_json(found.to_json())
    else:
        _print(options.file, found)
    return 1 if found.holds is False else 0


def _print(path: str, found: Audit) -> None:
    print(found.sentence)
    if found.truth:
        print(f"It is rather: {found.truth}")
    print()
    table = found.table
    declared = "" if table.bits is None else f" of {table.bits} bits"
    name = f" {table.name}" if table.name else ""
    lines = [("file", f"{path}: {table.kind}{name}, {len(table.words)} words{declared}")]
    if found.claim is not None:
        lines.append(("claimed", f"{found.claim}: {'holds' if found.holds else 'DOES NOT HOLD'}"))
    if found.measured is not None:
        lines += _explanation(found.measured)
        if found.forms:
            told = [f"{name} {_differing(*each)}" for name, each in found.forms.items()]
            lines.append(("forms", "at these formats: " + "; ".join(told)))
        lines += [("or else", _other(each, found.measured)) for each in found.others]
    for label, text in lines:
        print(f"  {label:<10} {text}")
    if found.findings:
        print()
    for each in found.findings:
        print(f"  {_MARKS[each.level]} {each.text}")
    if found.measured is not None and found.measured.wrong and found.measured.near:
        _print_wrong(found.measured)
    if found.measured is not None and (command := _command(found.measured)):
        print(f"\n  the right table: {command}")


def _differing(wrong: int, most: int) -> str:
    return "fits" if not wrong else f"differs at {wrong} by up to {most}"


def _explanation(measured: Measured) -> list[tuple[str, str]]:
    found = measured.hypothesis
    function = found.candidate.function
    lines = [("function", f"{found.candidate.name}: {function.formula}"), ("input", _input(measured))]
    output = measured.output
    step = scale_text(found.step)
    if found.candidate.scale_free and measured.given_input is None:
        step += " times that of the input" if found.candidate.name != "heaviside" else ""
    kind = "fixed point " if output.fraction_bits is not None and not found.candidate.scale_free else ""
    shown_as = f"{output}, " if kind else ""
    lines.append(
        ("output", f"{shown_as}{output.kind}, scale {step}, zero point {output.zero_point}{_range(found.step_range)}")
    )
    lines.append(("order", _order(measured)))
    lines.append(("rounding", f"{ROUNDINGS[measured.rounding]}"))
    ulp = abs(measured.ulp)
    worst = int(ulp.argmax())
    lines.append(
        (
            "error",
            f"{measured.wrong} of {measured.count} entries wrong; |error| at most {shown(float(ulp[worst]))} ulp "
            f"(code {measured.code(worst)}), mean {float(ulp.mean()):.4f} ulp",
        )
    )
    return lines


def _input(measured: Measured) -> str:
    found = measured.hypothesis
    if found.candidate.scale_free and measured.given_input is None:
        scale = "any scale: only its ratio to the output's shows"
    else:
        scale = f"scale {scale_text(found.scale)}"
    if measured.input is None:
        return f"{scale}, x = 0 at entry {found.zero:g} of rising x{_range(found.scale_range)}"
    fixed = measured.input.fraction_bits is not None and not found.candidate.scale_free
    name = f"{measured.input}, " if fixed else ""
    text = f"{name}{measured.input.kind}, {scale}, zero point {measured.input.zero_point}"
    if measured.given_input is None and measured.input.signed and found.view.order.startswith("offset"):
        twin = measured.input.zero_point - measured.input.code_min
        text += f" (or uint{measured.input.bits}, zero point {twin})"
    return text + _range(found.scale_range)


def _range(ends: tuple[float, float] | None) -> str:
    if ends is None:
        return ""
    low, high = ends
    if high > 1e29:
        return f"; the same from {low:.5g} up" if low > 0 else ""
    return f"; the same from {low:.6g} to {high:.6g}" if low > 0 else f"; the same up to {high:.6g}"


def _order(measured: Measured) -> str:
    order = measured.hypothesis.view.order
    plain, _, more = order.partition("-")
    first = measured.first_code
    text = _ORDERS.get(plain, "").format(first=f" - {-first}" if first else "")
    if more:
        text += ", from the other end"
    if order.startswith("rotated"):
        text = "as offset, but rotated"
    return f"{order}: {text}" if measured.hypothesis.view.order != "codes" else text


def _other(measured: Measured, best: Measured) -> str:
    found = measured.hypothesis
    where = "fits all entries too" if not measured.wrong else f"with {measured.wrong} entries wrong too"
    scale = "any scale" if found.candidate.scale_free else f"input scale {scale_text(found.scale)}"
    if found.scale_range and found.scale_range[1] > 1e29 and found.scale_range[0] > 0:
        scale = f"input scale from {found.scale_range[0]:.4g} up"
    text = f"{found.candidate.name} {where}: {scale}, output scale {scale_text(found.step)}"
    if found.level != best.hypothesis.level:
        text += f", zero point {found.level}"
    if found.zero != best.hypothesis.zero:
        text += f", x = 0 at entry {found.zero:g} of rising x"
    return text + (f", order {found.view.order}" if found.view.order != best.hypothesis.view.order else "")


def _print_wrong(measured: Measured) -> None:
    print()
    histogram = measured.histogram()
    shown_gaps = sorted(histogram, key=lambda gap: -histogram[gap])[:8]
    print("  difference in codes: " + ", ".join(f"{gap:+d} at {histogram[gap]}" for gap in sorted(shown_gaps)), end="")
    print(f" and {len(histogram) - 8} more values" if len(histogram) > 8 else "")
    rows = []
    for place in measured.worst(6):
        each = row(measured, place)
        rows.append([str(each[key]) for key in ("index", "code")] + [f"{each['x']:.6g}"])
        rows[-1] += [str(each["is"]), str(each["right"]), f"{each['ulp']:+.3f}"]
    print_table([">entry", ">input code", ">x", ">is", ">should be", ">error in ulp"], rows)


def _command(measured: Measured) -> str:
    """The command that makes the right table, where formats can be written."""
    found = measured.hypothesis
    if measured.input is None or not measured.near or (found.candidate.scale_free and measured.given_input is None):
        return ""
    words = ["gelugen generate", f"--function {found.candidate.name}", f"--input {measured.input}"]
    words.append(f"--output {measured.output}")
    if found.candidate.name == "exp":
        words.append("--outside clamp")
    return " ".join(words)
