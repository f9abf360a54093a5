"""Designs drawn at random from the whole datapath: every fold, map, degree, shift, base and drop.

They approximate nothing. What a fit can make is among them, and much that no fit makes.
"""

from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from gelugen.design import Breakpoints, Coefficient, Design, Dyadic, Offset, Term, Uniform
from gelugen.digits import Digit, Digits
from gelugen.errors import GelugenError
from gelugen.spec import Spec

# A guarantee that every design keeps: here only bit-exactness is asked.
ANY = "ulp:65535"


@st.composite
def formats(draw, bits=None, signed=None):
    bits = draw(st.integers(4, 6)) if bits is None else bits
    signed = draw(st.booleans()) if signed is None else signed
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    zero_point = draw(st.sampled_from([0, low, high]) | st.integers(low, high))
    return f"{'' if signed else 'u'}int{bits}:scale=0.25,zero_point={zero_point}"


@st.composite
def uniform(draw, u_bits):
    dx_bits = draw(st.integers(0, u_bits - 1))
    full = 1 << u_bits - dx_bits
    return Uniform(dx_bits), draw(st.just(full) | st.integers(1, full))


@st.composite
def dyadic(draw, u_bits):
    leaves = [draw(st.just(u_bits) | st.integers(0, u_bits))]
    for _ in range(draw(st.integers(0, 11))):
        at = draw(st.integers(0, len(leaves) - 1))
        if leaves[at]:
            leaves[at : at + 1] = [leaves[at] - 1] * 2
    return Dyadic(tuple(leaves)), draw(st.just(len(leaves)) | st.integers(1, len(leaves)))


@st.composite
def breakpoints(draw, u_bits):
    ends = st.sampled_from([0, 1 << u_bits - 1, 1 << u_bits]) | st.integers(0, 1 << u_bits)
    points = sorted(draw(st.sets(ends, min_size=2, max_size=12)))
    return Breakpoints(tuple(points)), draw(st.just(len(points) - 1) | st.integers(1, len(points) - 1))


@st.composite
def offset(draw, u_bits):
    high = draw(st.integers(1, u_bits))
    bits = draw(st.integers(1, high))
    assume(high < u_bits or bits > 1)
    full = 1 << u_bits - high + bits - 1
    return Offset(high, draw(st.integers(0, high - bits)), bits), draw(st.just(full) | st.integers(1, full))


@st.composite
def coefficients(draw, depth, low_width=0, low_base=-20, high_base=20):
    width, signed = draw(st.integers(low_width, 5)), draw(st.booleans())
    low, high = Coefficient((), width, signed).stored
    values = draw(st.lists(st.integers(low, high), min_size=depth, max_size=depth))
    base = draw(st.just(0) | st.integers(low_base, high_base))
    return Coefficient(tuple(values), width, signed, draw(st.integers(0, 2)), base)


@st.composite
def digit_terms(draw, u_bits):
    """A polynomial in digits: some of them may be stored nowhere, but not all."""
    segment_map, depth = draw(st.one_of(uniform(u_bits), dyadic(u_bits)).filter(lambda each: each[0].dx_bits > 1))
    paired = isinstance(segment_map, Uniform) and draw(st.booleans())
    bits = draw(st.integers(2, segment_map.dx_bits + paired))
    powers = st.sampled_from([1, 2]) if bits > (4 if paired else 2) else st.just(1)
    each = tuple(draw(st.lists(st.builds(Digit, powers, st.integers(-9, 4)), min_size=1, max_size=4)))
    columns = [draw(coefficients(depth))]
    for number in range(len(each)):
        width = 2 if not number else draw(st.sampled_from([0, 2, 2, 2]))
        values = draw(st.lists(st.integers(0, (1 << width) - 1), min_size=depth, max_size=depth))
        columns.append(Coefficient(tuple(values), width, False))
    return Term(segment_map, tuple(columns), (), Digits(each, bits, draw(st.booleans()), draw(st.booleans()), paired))


@st.composite
def terms(draw, u_bits):
    if u_bits > 2 and draw(st.integers(0, 3)) == 0:
        return draw(digit_terms(u_bits))
    segment_map, depth = draw(st.one_of(uniform(u_bits), dyadic(u_bits), breakpoints(u_bits), offset(u_bits)))
    leak = 0
    if isinstance(segment_map, Uniform | Dyadic) and draw(st.booleans()):
        segment_map = replace(segment_map, about=draw(st.sampled_from([0, 1 << u_bits - 1])))
        leak = draw(st.sampled_from([-1, 0, 1]))
    if isinstance(segment_map, Offset):
        return Term(segment_map, (draw(coefficients(depth, 1, 0, 0)),))
    degree = draw(st.integers(0, 3))
    columns = tuple(draw(coefficients(depth)) for _ in range(degree + 1))
    shifts = draw(st.just(()) | st.tuples(*[st.integers(0, 6)] * degree))
    return Term(segment_map, columns, shifts, leak=leak if degree else 0)


@st.composite
def designs(draw, inputs=None, outputs=None):
    inputs, outputs = (formats() if each is None else each for each in (inputs, outputs))
    spec = Spec("gelu", draw(inputs), draw(outputs), ANY)
    fold = draw(st.sampled_from(["none", "residual", "even", "odd", "complement"]))
    first = draw(st.sampled_from([0, spec.input.code_min if fold == "none" else -1]))
    u_bits = Design(spec, "table", fold, (), first=first).u_bits
    some = tuple(draw(terms(u_bits)) for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3]))))
    try:
        return Design(
            spec,
            "table",
            fold,
            some,
            bias=draw(st.integers(-40, 40)),
            shift=draw(st.integers(0, 4)),
            line_shift=draw(st.integers(0, 2)) if fold == "residual" else 0,
            line_drop=draw(st.integers(0, 2)) if fold == "residual" else 0,
            offset=0 if fold == "none" else draw(st.just(0) | st.integers(-20, 20)),
            one=draw(st.integers(-40, 40)) if fold == "complement" else 0,
            first=first,
        )
    except GelugenError as refusal:
        assume("a term must depend on u" not in str(refusal))
        raise
