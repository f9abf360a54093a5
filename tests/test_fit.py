"""Fits keep their guarantee over every code, store what fits, and are no larger than a plain brute force finds."""

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gelugen.architectures import ARCHITECTURES, get_architecture
from gelugen.errors import GelugenError
from gelugen.fit import fit
from gelugen.formats import Format
from gelugen.golden import golden
from gelugen.search import build
from gelugen.spec import Spec

GUARANTEES = ("correct", "faithful", "ulp:1", "ulp:2.5")
FORMATS = {
    "q3.4 to q3.4": ("q3.4", "q3.4"),
    "q3.4 to q1.6, which saturates": ("q3.4", "q1.6"),
    "q2.5 to q3.2, coarser": ("q2.5", "q3.2"),
    "q3.4 to q2.9, finer": ("q3.4", "q2.9"),
    "uq3.5 to uq3.5": ("uq3.5", "uq3.5"),
    "q3.4 to uq3.5": ("q3.4", "uq3.5"),
    "uq2.4 to q4.1": ("uq2.4", "q4.1"),
    "q2.2 to q2.2": ("q2.2", "q2.2"),
    "q1.2 to q2.1": ("q1.2", "q2.1"),
    "int8 with equal scales": ("int8:scale=0.05,zero_point=-3", "int8:scale=0.05,zero_point=-120"),
    "uint8 with scales 1 to 4": ("uint8:scale=0.3,zero_point=128", "uint8:scale=0.075,zero_point=9"),
    "uint6 with scales 4 to 1": ("uint6:scale=0.07,zero_point=63", "int6:scale=0.28,zero_point=31"),
    "int8 with odd scales": ("int8:scale=0.05,zero_point=-3", "int8:scale=0.03,zero_point=-120"),
    "uint7 with odd scales": ("uint7:scale=0.11,zero_point=90", "int8:scale=fit"),
}


def fitted(spec, architecture):
    return fit(spec, golden(spec), get_architecture(architecture))


def attempt(spec, architecture):
    """The fit and no refusal, or no fit and the refusal's message."""
    try:
        return fitted(spec, architecture), ""
    except GelugenError as refusal:
        return None, str(refusal)


def assert_sound(design):
    """The guarantee holds at every code, every stored value fits its width, and the ROM bits are what is stored."""
    spec = design.spec
    low, high = golden(spec).bounds(spec.guarantee)
    outputs = design.eval(spec.input.codes())
    assert np.flatnonzero((outputs < low) | (outputs > high)).tolist() == []
    if str(spec.guarantee) == "correct":
        assert outputs.tolist() == golden(spec).codes.tolist()
    stored = 0
    for term in design.terms:
        for column in term.coefficients:
            least = -(1 << column.width - 1) if column.signed else 0
            assert all(least <= value < least + (1 << column.width) for value in column.values)
            stored += len(column.values) * column.width
    assert design.rom_bits == stored


# -- soundness -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formats", FORMATS.values(), ids=list(FORMATS))
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_a_fit_keeps_its_guarantee_over_every_code(formats, architecture, guarantee):
    spec = Spec("gelu", *formats, guarantee)
    design, refusal = attempt(spec, architecture)
    if design is None:
        # only a fold may refuse, and only for what a fold cannot do
        assert architecture.startswith("residual")
        reason = "power of two" if fraction_power(spec) is None else f"cannot keep the guarantee {guarantee}"
        assert reason in refusal
        return
    assert design.architecture == architecture
    assert design.fold == ARCHITECTURES[architecture].fold
    assert_sound(design)


def fraction_power(spec):
    """The e of input scale / output scale = 2**e, or None."""
    ratio = Fraction(spec.input.scale) / Fraction(spec.output.scale)
    return next((e for e in range(-16, 17) if ratio == Fraction(2) ** e), None)


@pytest.mark.parametrize("function", ["gelu_tanh", "gelu_sigmoid"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_a_fit_of_the_other_functions_keeps_its_guarantee(function, architecture, guarantee):
    assert_sound(fitted(Spec(function, "q3.4", "q3.4", guarantee), architecture))


@st.composite
def formats(draw, near=None, ratio=2):
    """A format of 4 to 9 bits; near another one, with scales that differ by up to a power of `ratio`."""
    bits, signed = draw(st.integers(4, 9)), draw(st.booleans())
    least = -(1 << bits - 1) if signed else 0
    zero_point = draw(st.one_of(st.just(0), st.integers(least, least + (1 << bits) - 1)))
    if near is None:
        scale = draw(st.one_of(st.integers(-7, 1).map(lambda e: 2.0**e), st.floats(0.01, 2)))
    else:
        powers = st.integers(-ratio, ratio).map(lambda e: 2.0**e)
        scale = near.scale * draw(st.one_of(powers, st.floats(2.0**-ratio, 2.0**ratio)))
    return Format(bits, signed, scale, zero_point)


def check_any_fit(data, architecture, ratio):
    source = data.draw(formats())
    target = data.draw(formats(near=source, ratio=ratio))
    guarantee = data.draw(st.sampled_from([*GUARANTEES, "ulp:0.5", "ulp:0.75", "ulp:7"]))
    spec = Spec("gelu", source, target, guarantee)
    design, _ = attempt(spec, architecture)
    assume(design is not None)
    assert_sound(design)


@settings(max_examples=150)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@given(data=st.data())
def test_any_fit_between_formats_of_similar_scale_is_sound(data, architecture):
    check_any_fit(data, architecture, 1)


@settings(max_examples=150)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@given(data=st.data())
def test_any_fit_between_formats_of_very_different_scale_is_sound(data, architecture):
    check_any_fit(data, architecture, 12)


@pytest.mark.parametrize("architecture", ["auto", *ARCHITECTURES])
def test_a_step_from_zero_to_saturation_in_one_code_is_fitted(architecture):
    spec = Spec("gelu", "int8:scale=1024", "int8:scale=1", architecture=architecture)
    assert_sound(build(spec))


# -- the fewest bits -------------------------------------------------------------------------------------------


def allowed(spec, fold):
    """For every u the r that keep the guarantee, found by trying them.

    Gives the list of (lowest, highest), the r of a zero word, and the bits by which fits promise to drop more than the
    shift at least: the widest interval that is bounded at both ends holds 2**slack numbers.
    """
    low, high = golden(spec).bounds(spec.guarantee)
    codes = spec.input.codes()
    if fold == "none":
        up = down = offset = 0
        tried = range(2 * spec.output.code_min - 4, 2 * spec.output.code_max + 5)
        by_u = {int(code) % (1 << spec.input.bits): [number] for number, code in enumerate(codes)}
    else:
        power = fraction_power(spec)
        up, down, offset = max(power, 0), max(-power, 0), spec.output.zero_point
        size = 1 << spec.output.bits + spec.input.bits + up + down
        tried = range(-size, size)
        by_u = {}
        for number, code in enumerate(codes.tolist()):
            by_u.setdefault(abs(code - spec.input.zero_point), []).append(number)
    r = np.array(tried)
    ends = []
    for u in range(max(by_u) + 1):
        good = np.ones(len(r), dtype=bool)
        for number in by_u.get(u, []):
            k = int(codes[number]) - spec.input.zero_point
            y = r if fold == "none" else (((max(k, 0) << up) - r) >> down) + offset
            y = np.clip(y, spec.output.code_min, spec.output.code_max)
            good &= (low[number] <= y) & (y <= high[number])
        found = r[good]
        assert len(found)
        assert found[-1] - found[0] == len(found) - 1  # without gaps
        ends.append((int(found[0]), int(found[-1])))
    widest = max((high - low + 1 for low, high in ends if r[0] < low and high < r[-1]), default=1)
    return ends, -((1 << down) // 2), widest.bit_length() - 1


def depth_of(ends, idle, length):
    """How many segments must be stored: past them a zero word must do."""
    needed = [u for u, (low, high) in enumerate(ends) if not low <= idle <= high]
    return needed[-1] // length + 1 if needed else 0


def kinds(widest):
    """Every width and sign of a stored integer, as (width, smallest, largest)."""
    for width in range(1, widest + 1):
        yield width, 0, (1 << width) - 1
        yield width, -(1 << width - 1), (1 << width - 1) - 1


def fewest_table_bits(ends, idle):
    """By trying every width, sign and number of dropped bits of a table with one word for each u."""
    depth = depth_of(ends, idle, 1)
    return min(
        depth * width
        for width, smallest, largest in kinds(12)
        for drop in range(6)
        if all(
            any(low <= idle + (n << drop) <= high for n in range(smallest, largest + 1)) for low, high in ends[:depth]
        )
    )


SMALL = [
    ("gelu", "q1.2", "q1.2"),
    ("gelu", "q1.2", "q2.1"),
    ("gelu", "uq2.2", "uq2.2"),
    ("gelu", "q2.2", "q2.2"),
    ("gelu", "q2.2", "q1.3"),
    ("gelu_tanh", "q1.3", "q2.2"),
    ("gelu", "int4:scale=0.4,zero_point=2", "int5:scale=0.2,zero_point=-3"),
    ("gelu_sigmoid", "uint5:scale=0.3,zero_point=17", "uint4:scale=0.3,zero_point=3"),
]


def small(architecture, guarantees=GUARANTEES):
    """The small specs for which the architecture can keep a guarantee, with their fits."""
    for fields in SMALL:
        for guarantee in guarantees:
            spec = Spec(*fields, guarantee)
            design, refusal = attempt(spec, architecture)
            if design is None:
                assert architecture.startswith("residual")
                assert "cannot keep the guarantee" in refusal
            else:
                yield spec, design


@pytest.mark.parametrize("architecture", ["table", "residual-table"])
def test_a_table_has_the_fewest_bits_that_brute_force_finds(architecture):
    compared = 0
    for spec, design in small(architecture):
        ends, idle, _ = allowed(spec, design.fold)
        expected = fewest_table_bits(ends, idle) if depth_of(ends, idle, 1) else 0
        assert (design.rom_bits, str(spec.input), str(spec.guarantee)) == (
            expected,
            str(spec.input),
            str(spec.guarantee),
        )
        compared += 1
    assert compared >= 24


def smaller_line(ends, idle, more_drop, bits):
    """A piecewise line of fewer than `bits` ROM bits, or None: every length, shift, width, drop and phase is tried.

    Up to 6 bits of shift; up to shift + more_drop dropped bits.
    """
    for dx_bits in range(1, (len(ends) - 1).bit_length()):
        length = 1 << dx_bits
        depth = depth_of(ends, idle, length)
        if not depth:
            return (dx_bits,) if bits > 0 else None
        most = (bits - 1) // depth  # bits of a word
        if most < 2:
            continue
        for shift in range(7):
            # the intercepts of each slope (row) on each segment (column) before bits are dropped
            slopes = np.arange(-(1 << min(most - 1, shift + 5)), 1 << min(most, shift + 5))
            start, stop = np.full((len(slopes), depth), -(1 << 40)), np.full((len(slopes), depth), 1 << 40)
            for u, (low, high) in enumerate(ends[: depth * length]):
                segment, rise = u // length, slopes * (u % length - length // 2)
                # low <= (c + rise) >> shift <= high
                start[:, segment] = np.maximum(start[:, segment], (low << shift) - rise)
                stop[:, segment] = np.minimum(stop[:, segment], (high + 1 << shift) - 1 - rise)
            useful = (start <= stop).any(axis=1)
            if not (start <= stop).any(axis=0).all():
                continue
            slopes, start, stop = slopes[useful], start[useful], stop[useful]
            for drop in range(shift + more_drop + 1):
                bias = (idle << shift) + np.arange(1 << min(drop, shift))[:, None, None]
                first, last = -((bias - start) >> drop), (stop - bias) >> drop
                for width, smallest, largest in kinds(most - 1):
                    rows = (smallest <= slopes) & (slopes <= largest)
                    some_first, some_last = first[:, rows], last[:, rows]
                    for _, least, greatest in list(kinds(most - width))[-2:]:
                        fits = np.maximum(some_first, least) <= np.minimum(some_last, greatest)
                        if fits.any(axis=1).all(axis=1).any():
                            return dx_bits, shift, drop, width, smallest, most - width, least
    return None


LINES = pytest.mark.parametrize("architecture", ["uniform-linear", "residual-uniform-linear"])


def smaller_lines(architecture, guarantee, more_drop=None):
    """For the small specs with a guarantee: what brute force finds below the fit, and how many were compared."""
    found = {}
    for spec, design in small(architecture, [guarantee]):
        ends, idle, slack = allowed(spec, design.fold)
        line = smaller_line(ends, idle, slack if more_drop is None else more_drop, design.rom_bits)
        found[f"{spec.input} to {spec.output}, {design.rom_bits} bits"] = line
    return {key: line for key, line in found.items() if line}, len(found)


@LINES
@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_brute_force_finds_no_smaller_line_while_the_intercepts_grid_is_no_wider_than_the_widest_interval(
    architecture, guarantee
):
    smaller, compared = smaller_lines(architecture, guarantee)
    assert smaller == {}
    assert compared >= 3


@LINES
@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_brute_force_finds_no_smaller_line_however_many_bits_are_dropped(architecture, guarantee):
    """A grid wider than every interval still meets them all now and then, most of all if there is one segment."""
    smaller, compared = smaller_lines(architecture, guarantee, more_drop=3)
    assert smaller == {}
    assert compared >= 3


@settings(max_examples=60)
@LINES
@given(data=st.data())
def test_brute_force_finds_no_smaller_line_for_random_formats(architecture, data):
    bits, signed = st.integers(4, 5), st.booleans()
    source = Format(data.draw(bits), data.draw(signed), 2.0 ** -data.draw(st.integers(0, 3)))
    target = Format(data.draw(bits), data.draw(signed), source.scale * 2.0 ** data.draw(st.integers(-1, 1)))
    spec = Spec("gelu", source, target, data.draw(st.sampled_from(GUARANTEES)))
    design, _ = attempt(spec, architecture)
    assume(design is not None)
    assert smaller_line(*allowed(spec, design.fold), design.rom_bits) is None


def test_the_brute_force_finds_what_a_fit_has_found():
    for spec, design in small("uniform-linear"):
        ends, idle, _ = allowed(spec, "none")
        assert smaller_line(ends, idle, 5, design.rom_bits + 1) is not None


# -- numbers to hold -------------------------------------------------------------------------------------------


def test_gelu_from_q3_4_correctly_rounded_takes_54_bits():
    design = build(Spec("gelu", "q3.4", "q3.4", "correct"))
    assert design.rom_bits <= 100  # what was asked for
    assert design.rom_bits == 54  # what it is
    assert_sound(design)


def test_gelu_from_q3_12_faithfully_takes_2214_bits_as_lines_on_the_residual():
    design = fitted(Spec("gelu", "q3.12", "q3.12", "faithful"), "residual-uniform-linear")
    assert design.rom_bits <= 2816  # what was asked for
    assert design.rom_bits == 2214  # what it is
    assert_sound(design)


# -- refusals --------------------------------------------------------------------------------------------------


def reach(refusal):
    """The N of 'at best it keeps ulp:N'."""
    return Fraction(re.search(r"at best it keeps ulp:(\d+\.\d{4})$", str(refusal))[1])


def decimal(value):
    return f"ulp:{float(value):.4f}"


def test_no_table_keeps_less_than_half_an_ulp_and_the_refusal_says_so():
    with pytest.raises(GelugenError, match=r"ulp:0\.4 of gelu from q3\.12 to q3\.12: at best it keeps ulp:0\.5000$"):
        build(Spec("gelu", "q3.12", "q3.12", "ulp:0.4"))
    with pytest.raises(GelugenError) as refusal:
        build(Spec("gelu", "q3.4", "q3.4", "ulp:0.4"))
    worst = np.abs(golden(Spec("gelu", "q3.4", "q3.4")).error(golden(Spec("gelu", "q3.4", "q3.4")).codes)).max()
    assert 0 <= reach(refusal.value) - Fraction(float(worst)) < Fraction(1, 10_000)


@pytest.mark.parametrize(
    ("formats", "architecture", "guarantee"),
    [
        (("q3.4", "q3.4"), "table", "ulp:0.4"),
        (("q3.4", "q3.4"), "uniform-linear", "ulp:0.4"),
        (("q3.4", "q3.4"), "residual-table", "ulp:0.01"),
        (("q3.4", "q3.4"), "residual-uniform-linear", "ulp:0.25"),
        (("q3.4", "uq0.8"), "table", "ulp:0.001"),
        (("q2.5", "q3.2"), "residual-table", "ulp:0.3"),
        (("int8:scale=0.05,zero_point=-3", "int8:scale=0.03,zero_point=-120"), "table", "ulp:0.1"),
    ],
)
def test_the_reach_that_a_refusal_names_is_kept_and_less_is_not(formats, architecture, guarantee):
    with pytest.raises(GelugenError) as refusal:
        fitted(Spec("gelu", *formats, guarantee), architecture)
    best = reach(refusal.value)
    assert_sound(fitted(Spec("gelu", *formats, decimal(best)), architecture))
    with pytest.raises(GelugenError) as below:
        fitted(Spec("gelu", *formats, decimal(best - Fraction(1, 10_000))), architecture)
    assert reach(below.value) == best


@pytest.mark.parametrize("architecture", ["residual-table", "residual-uniform-linear"])
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ("int8:scale=0.05", "int8:scale=0.03"),
        ("q3.4", "int8:scale=0.05"),
        ("q3.4", f"int8:scale={(0.0625 + 2**-56).hex()}"),  # the next double is another scale
    ],
)
def test_a_fold_is_refused_for_scales_without_a_common_grid(architecture, x, y):
    spec = Spec("gelu", x, y)
    with pytest.raises(GelugenError) as refusal:
        fitted(spec, architecture)
    for part in (architecture, repr(spec.input.scale), repr(spec.output.scale), "power of two"):
        assert part in str(refusal.value)
    assert build(spec).fold == "none"
