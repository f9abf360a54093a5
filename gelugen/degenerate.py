"""What a spec asks for in vain: a function that its formats reduce to less, codes that saturate or never matter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from flint import fmpq

from gelugen.formats import Codes
from gelugen.functions import Function, Line
from gelugen.functions.function import Parts
from gelugen.golden import Golden, golden, golden_of
from gelugen.spec import Spec

_MOST = 0.5
"""The share of input codes from which on saturation is worth a word."""
_IDLE = 0.875
"""The share of input codes in the flat ends from which on they are: three bits of the input are then lost."""
_PROBES = (fmpq(-5, 8), fmpq(5, 8))


def warnings(spec: Spec) -> tuple[str, ...]:
    """Sentences about what is degenerate in a spec, by its correctly rounded codes; none if all is well.

    Raises:
        GelugenError: as ``golden``.
    """
    truth = golden(spec)
    if (truth.codes == truth.codes[0]).all():
        return (
            f"{_asked(spec)} is the code {truth.codes[0]} for all {len(truth.codes)} input codes: "
            f"take a finer output scale, or a wider input range",
        )
    left, right = spec.definition.ends
    found = [_saturated(spec, truth)]
    if left is None or right is None:
        found += [_low_bits(spec, truth) or _flat_ends(spec, truth)]
    elif not _is_its_ends(spec.definition, left, right):
        found += [_reduced(spec, truth, left, right) or _low_bits(spec, truth) or _flat_ends(spec, truth)]
    return tuple(each for each in found if each)


def _asked(spec: Spec) -> str:
    return f"{spec.function} from {spec.input.describe()} to {spec.output.describe()}"


def _reduced(spec: Spec, truth: Golden, left: Line, right: Line) -> str:
    """A scale so coarse that only the lines at both ends are left: plain ReLU, a step, the sign, |x|."""
    if _surely_other(spec, truth, left, right):
        return ""
    same = _codes_of_lines(spec, left, right) == truth.codes
    if spec.definition.is_rectifier:
        name, advice = "plain ReLU", "take finer scales, or relu"
    else:
        same = same | (spec.input.codes() == spec.input.zero_point)
        name, advice = f"nothing but {left} for x < 0 and {right} for x > 0", "take finer scales"
    if not same.all():
        return ""
    return f"{_asked(spec)} is {name} in all {len(same)} codes: {advice}"


def _codes_of_lines(spec: Spec, left: Line, right: Line) -> Codes:
    """The correctly rounded codes of ``left`` for x < 0 and ``right`` for x >= 0, in a spec's formats."""

    def parts(x: fmpq) -> Parts:
        line = left if x < 0 else right
        return Parts(line.slope * x + line.intercept)

    lines = Function("lines", "its ends", "gelugen", "none", parts)
    return golden_of(lines, spec.input, spec.output, spec.ties).codes


def _surely_other(spec: Spec, truth: Golden, left: Line, right: Line) -> bool:
    """Whether floats tell already that some code is not that of the lines: they are more than a code apart."""
    x = (spec.input.codes() - spec.input.zero_point) * spec.input.scale
    slope, intercept = (np.where(x < 0, float(one), float(two)) for one, two in zip(left, right, strict=True))
    with np.errstate(over="ignore", invalid="ignore"):
        lines = (slope * x + intercept) / spec.output.scale + spec.output.zero_point
    distance = np.abs(np.clip(lines, *spec.output.ends) - truth.codes)
    return bool((distance[x != 0] > 0.500001).any())


def _is_its_ends(function: Function, left: Line, right: Line) -> bool:
    """Whether a function is made of these lines: a ReLU is, a GELU is not."""
    return all(
        function.at(x) == Parts(line.slope * x + line.intercept) for x, line in zip(_PROBES, (left, right), strict=True)
    )


def _saturated(spec: Spec, truth: Golden) -> str:
    beyond = int(truth.beyond.sum())
    if beyond <= _MOST * len(truth.codes):
        return ""
    low, high = ((code - spec.output.zero_point) * spec.output.scale for code in spec.output.ends)
    return (
        f"{_asked(spec)} saturates at {beyond} of {len(truth.codes)} input codes: the output holds {low:.6g} to "
        f"{high:.6g} only; take a larger output scale (scale=fit finds the smallest that does not), or a smaller input"
    )


def _low_bits(spec: Spec, truth: Golden) -> str:
    """Low bits of the input that never change the output."""
    idle = 0
    while idle < spec.input.bits - 1:
        groups = truth.codes.reshape(-1, 2 << idle)
        if (groups != groups[:, :1]).any():
            break
        idle += 1
    if not idle:
        return ""
    bits = "bit" if idle == 1 else f"{idle} bits"
    return (
        f"the low {bits} of the input never change{'s' if idle == 1 else ''} the output of {_asked(spec)}: an input "
        f"of {spec.input.bits - idle} bits gives the same codes"
    )


def _flat_ends(spec: Spec, truth: Golden) -> str:
    """Input codes beyond which nothing changes any more."""
    left, right = _run(truth.codes), _run(truth.codes[::-1])
    if left + right < _IDLE * len(truth.codes):
        return ""
    last, first = spec.input.code_min + left - 1, spec.input.code_max - right + 1
    ends = []
    if left > 1:
        ends.append(f"up to {last} (x = {_real(spec, last)}) all give {truth.codes[0]}")
    if right > 1:
        ends.append(f"from {first} (x = {_real(spec, first)}) on all give {truth.codes[-1]}")
    return (
        f"most input codes of {_asked(spec)} do not matter: those {', and those '.join(ends)}; "
        f"a smaller input scale would use them"
    )


def _run(codes: npt.NDArray[np.int64]) -> int:
    """How many codes at the start are equal."""
    changes = np.flatnonzero(codes != codes[0])
    return int(changes[0])


def _real(spec: Spec, code: int) -> str:
    return f"{(code - spec.input.zero_point) * spec.input.scale:.6g}"
