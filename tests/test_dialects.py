"""The runtimes' arithmetic: against recorded codes, the C library, and hand-made cases."""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import os
import platform
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import live_runtimes
import numpy as np
import pytest

from gelugen.dialects import DIALECTS, codes, eigen, elementary, fixed_point, litert_gelu16, mlas, sigmoid_table
from gelugen.dialects.float32 import F32, f32, fma, round_half_away
from gelugen.errors import GelugenError
from gelugen.formats import Codes, Format

GOLDEN = Path(__file__).parent / "data" / "golden"
RECORDS = json.loads((GOLDEN / "records.json").read_text())


@pytest.fixture(scope="module")
def recorded() -> dict[str, Codes]:
    with np.load(GOLDEN / "codes.npz") as arrays:
        eight, sixteen = arrays["codes8"].astype(np.int64), np.cumsum(arrays["codes16"].astype(np.int64), axis=1)
    return {"codes8": eight, "codes16": sixteen}


def expected(record: dict[str, Any], recorded: dict[str, Codes]) -> Codes:
    array, row = record["codes"]
    found = recorded[array][row]
    low = Format.parse(record["output"]).code_min
    return (found - low) % (1 << Format.parse(record["output"]).bits) + low


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_a_dialect_gives_the_recorded_codes(record: dict[str, Any], recorded: dict[str, Codes]) -> None:
    source, target = Format.parse(record["input"]), Format.parse(record["output"])
    found = codes(record["dialect"], record["operator"], source, target, **record["parameters"])
    assert found.dtype == np.int64
    assert int((found != expected(record, recorded)).sum()) == 0


def test_the_records_are_those_of_the_versions_that_the_dialects_name() -> None:
    assert len(RECORDS) == 128
    assert {(record["dialect"], record["runtime"]) for record in RECORDS} == {
        (name, DIALECTS[name].version) for name in ("litert", "onnxruntime", "torch")
    }


def test_a_wrong_rounding_would_be_seen(recorded: dict[str, Codes]) -> None:
    """Halves to even for LiteRT, or a product for ONNX Runtime's quotient, change recorded codes."""
    record = next(r for r in RECORDS if r["id"] == "litert_i8_gelu_pot_tie")
    source, target = Format.parse(record["input"]), Format.parse(record["output"])
    other = codes("onnxruntime", "gelu", source, target)
    assert (other != expected(record, recorded)).any()


LIVE = [json.loads(line) for line in (GOLDEN / "live.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("dialect", live_runtimes.RUNTIMES)
def test_a_dialect_gives_the_codes_whose_digests_were_recorded(dialect: str) -> None:
    wrong = []
    for case in (case for case in LIVE if case["dialect"] == dialect):
        source, target = Format.parse(case["input"]), Format.parse(case["output"])
        found = codes(dialect, case["operator"], source, target, **case["parameters"])
        if live_runtimes.digest(found) != case["sha256"]:
            wrong.append(f"{case['operator']} {source} -> {target} {case['parameters']}")
    assert wrong == []


def test_digests_are_recorded_for_every_operator_and_type() -> None:
    have = {(case["dialect"], case["operator"], Format.parse(case["input"]).kind) for case in LIVE}
    names = {
        (name, live_runtimes.SAME.get(operator, operator), kind)
        for name in live_runtimes.RUNTIMES
        for operator, kind in live_runtimes.classes(name)
    }
    assert have == names
    assert {case["runtime"] for case in LIVE} == {DIALECTS[name].version for name in live_runtimes.RUNTIMES}


# -- the C library -----------------------------------------------------------------------------------------------------

FUNCTIONS = ("exp", "expm1", "tanh", "erf", "erfc")


def arguments(seed: int, count: int) -> F32:
    """Float32 of every magnitude, and many where activations work."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 1 << 32, count, dtype=np.uint64).astype(np.uint32).view(np.float32)
    near = rng.uniform(-30, 30, count).astype(np.float32)
    return np.concatenate([bits[np.isfinite(bits)], near, np.array([0.0, -0.0, 1e-40, 88.7, 88.8, -104], np.float32)])


@pytest.mark.skipif(
    platform.libc_ver() != ("glibc", "2.36") or platform.machine() != "x86_64",
    reason="the float32 functions are those of glibc 2.36 on x86-64",
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_fdlibm_is_glibc_bit_for_bit(name: str) -> None:
    function = getattr(ctypes.CDLL(ctypes.util.find_library("m")), f"{name}f")
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    x = arguments(1, 100_000)
    theirs = np.array([function(value) for value in x.tolist()], dtype=np.float32)
    with np.errstate(all="ignore"):
        ours = getattr(elementary.FDLIBM, name)(x)
    assert int((ours.view(np.int32) != theirs.view(np.int32)).sum()) == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_c_library_s_functions_are_within_two_ulp_of_the_real_ones(name: str) -> None:
    import flint

    real: Callable[[flint.arb], flint.arb] = {
        "exp": lambda v: v.exp(),
        "expm1": lambda v: v.expm1(),
        "tanh": lambda v: v.tanh(),
        "erf": lambda v: v.erf(),
        "erfc": lambda v: v.erfc(),
    }[name]
    x = np.concatenate([np.linspace(-9, 9, 2001), np.linspace(-0.01, 0.01, 201)]).astype(np.float32)
    exact = np.array([float(real(flint.arb(float(value)))) for value in x])
    for library, limit in ((elementary.FDLIBM, 2.0), (elementary.ROUNDED, 0.5000001 if name != "exp" else 0.51)):
        found = getattr(library, name)(x)
        unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
        assert np.max(np.abs(found.astype(np.float64) - exact) / unit) <= limit


# -- float32 -----------------------------------------------------------------------------------------------------------


def test_fma_rounds_once() -> None:
    rng = np.random.default_rng(3)
    a, b = (rng.normal(size=4000).astype(np.float32) for _ in range(2))
    c = (-(a.astype(np.float64) * b)).astype(np.float32) * rng.choice([1.0, 1 + 2.0**-22, 0.5], 4000).astype(np.float32)
    for x, y, z, found in zip(a, b, c, fma(a, b, c), strict=True):
        exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
        nearby = [np.nextafter(found, f32(-np.inf)), found, np.nextafter(found, f32(np.inf))]
        distances = [abs(Fraction(float(value)) - exact) for value in nearby]
        assert distances[1] == min(distances)


def test_fma_does_not_round_twice() -> None:
    """1 + 2**-24 + 2**-57: float64 drops the last term, and the tie that is left would go to even, to 1."""
    a, b = f32(2.0**-12 * (1 + 2.0**-11)), f32(2.0**-12 * (1 - 2.0**-11 + 2.0**-22))
    assert Fraction(float(a)) * Fraction(float(b)) == Fraction(2) ** -24 + Fraction(2) ** -57
    assert f32(np.float64(a) * np.float64(b) + 1.0) == 1
    assert fma(a, b, f32(1)) == f32(1 + 2.0**-23)
    assert fma(-a, b, f32(-1)) == f32(-1 - 2.0**-23)


def test_halves_go_away_from_zero_and_their_neighbours_do_not() -> None:
    x = np.array([0.5, 1.5, 2.5, -0.5, -2.5, 0.49999997, -0.49999997, 8388607.5], dtype=np.float32)
    assert round_half_away(x).tolist() == [1, 2, 3, -1, -3, 0, 0, 8388608]


def test_mlas_and_eigen_are_close_to_the_functions() -> None:
    x = np.linspace(-8, 8, 4001).astype(np.float32)
    wide = x.astype(np.float64)
    assert np.max(np.abs(mlas.tanh(x) - np.tanh(wide))) < 4e-7
    assert np.max(np.abs(mlas.logistic(x) - 1 / (1 + np.exp(-wide)))) < 4e-7
    for exp in (mlas.exp, eigen.exp):
        assert np.max(np.abs(exp(x) / np.exp(wide) - 1)) < 2e-7
    positive = np.abs(x) + f32(1e-3)
    assert np.max(np.abs(eigen.log(positive) - np.log(positive.astype(np.float64)))) < 3e-7
    assert np.max(np.abs(eigen.log1p(positive) / np.log1p(positive.astype(np.float64)) - 1)) < 4e-7


# -- integers ----------------------------------------------------------------------------------------------------------


def test_the_sigmoid_table_is_that_of_the_kernels() -> None:
    table = sigmoid_table.table()
    assert table[:6].tolist() == [32768, 33451, 34133, 34813, 35493, 36169]
    assert table[[32, 64, 128, 192, 254, 255]].tolist() == [51865, 61279, 65221, 65514, 65534, 65535]
    assert (int(table.sum()), int(table @ np.arange(256))) == (15670629, 2108062945)


def test_rounding_division_takes_halves_away_from_zero() -> None:
    x = np.array([-6, -3, -2, -1, 0, 1, 2, 3, 6])
    assert fixed_point.rounding_divide_by_power_of_two(x, 2).tolist() == [-2, -1, -1, 0, 0, 0, 1, 1, 2]


def test_the_doubling_high_multiplication_saturates_in_one_case_only() -> None:
    low = np.array([-32768, -32767])
    assert fixed_point.rounding_doubling_high_mul(low, -32768, 16).tolist() == [32767, 32767]
    assert fixed_point.rounding_doubling_high_mul(low, 16384, 16).tolist() == [-16384, -16383]


@pytest.mark.parametrize("real", [1.0, 0.5, 0.3, 1 / 3, 12345.678, 2.0**-31, 1 - 2.0**-40, -0.7])
def test_a_quantized_multiplier_is_the_factor(real: float) -> None:
    multiplier, shift = fixed_point.quantize_multiplier(real)
    assert abs(multiplier * 2.0 ** (shift - 31) / real - 1) <= 2.0**-31
    assert 1 << 30 <= abs(multiplier) < 1 << 31


def test_cmsis_nn_and_litert_s_reference_kernels_agree_where_both_shift_left() -> None:
    """arm_nn_activation_s16 "must be bit precise congruent with the corresponding TFLM" functions."""
    target = Format(16, True, 2.0**-15)
    for ours, theirs, most in (("sigmoid", "logistic", 0), ("tanh", "tanh", 1)):
        for shift in range(most + 1):
            source = Format(16, True, 2.0 ** (shift - 12))
            ref = codes("litert", theirs, source, target, resolver="reference")
            assert (codes("cmsis-nn", ours, source, target) == ref).all()


@pytest.mark.parametrize("shift", range(-3, 4))
def test_cmsis_nn_follows_its_own_loop(shift: int) -> None:
    source, target = Format(16, True, 2.0 ** (shift - 12)), Format(16, True, 2.0**-15)
    found = codes("cmsis-nn", "tanh", source, target)
    table = sigmoid_table.table().tolist()
    for code in range(-32768, 32768, 37):
        value = code * 3 << shift if shift >= 0 else (code * 3 + (1 << (-shift - 1))) >> -shift
        index = abs(value) >> 8
        result = 0xFFFF << 8
        if index < 255:
            result = (table[index] << 8) + (abs(value) & 0xFF) * (table[index + 1] - table[index])
        result = result - (1 << 23) + 128 if value >= 0 else -result + (1 << 23) + 127
        assert found[code + 32768] == (result >> 8)


def test_the_16_bit_functions_are_close_to_the_real_ones() -> None:
    source, target = Format(16, True, 2.0**-12), Format(16, True, 2.0**-15)
    x = source.dequantize(source.codes())
    for resolver in ("builtin", "reference"):
        for name, values in (("logistic", 1 / (1 + np.exp(-x))), ("tanh", np.tanh(x))):
            found = codes("litert", name, source, target, resolver=resolver)
            assert np.max(np.abs(found - np.clip(values * 32768, -32768, 32767))) < 12


def test_the_16_bit_gelu_is_513_words_and_a_linear_interpolation() -> None:
    ramp = np.arange(-32768, 32768 + 128, 128)
    all_codes = Format(16, True, 1.0).codes()
    assert (litert_gelu16.lookup(ramp, all_codes) == all_codes).all()
    steep = np.where(np.arange(513) % 2 == 0, 100, 90)
    found = litert_gelu16.lookup(steep, np.array([-32768, -32767, -32762, -32761, -32641]))
    assert found.tolist() == [100, 100, 100, 99, 90]  # -10 * dx / 128: -0.08, -0.47, -0.55, -9.9


def test_the_16_bit_gelu_s_knots_are_moved_by_half_the_chord_s_error() -> None:
    """A parabola of 8 codes of sagitta: every knot but the last is 4 codes down."""
    source, target = Format(16, True, 2.0**-15), Format(16, True, 2.0**-15)
    step = 65535 / 512 / 32768
    bend = f32(64 / step**2 / 32768)
    words = litert_gelu16.knots(lambda x: bend * (x * x) * f32(0.125), source, target)
    flat = np.array([round(float(bend) * 0.125 * (-1 + i * step) ** 2 * 32768 * 65536 / 65535) for i in range(513)])
    inside = flat < 32000
    assert set((words - flat)[:-1][inside[:-1]].tolist()) <= {-2, -1, 0, 1}
    assert (words - flat)[:-1][inside[:-1]].mean() == pytest.approx(-1.0, abs=0.3)


def test_litert_forgets_the_output_zero_point_of_its_16_bit_gelu() -> None:
    source = Format(16, True, 2.0**-12)
    plain = codes("litert", "gelu", source, Format(16, True, 2.0**-12))
    moved = codes("litert", "gelu", source, Format(16, True, 2.0**-12, 1000))
    assert (plain == moved).all()


def test_executorch_rounds_after_the_zero_point() -> None:
    """For x >= 6 GELU(x) is x: with 0.25 a code in and 0.5 out, every odd code is a half-way case."""
    source, target = Format(8, True, 0.25, -128), Format(8, True, 0.5, -100)
    found = codes("executorch", "gelu", source, target)
    assert found[[0, 100, 101, 102, 103]].tolist() == [-100, -50, -50, -49, -49]  # -49.5 to -50, away from zero
    ort = codes("onnxruntime", "gelu", source, target)
    assert ort[[100, 101, 102, 103]].tolist() == [-50, -50, -49, -48]  # 50.5 to 50, 51.5 to 52: to even


# -- what is refused ---------------------------------------------------------------------------------------------------

I8, U8, I16 = Format(8, True, 0.0625), Format(8, False, 0.0625, 128), Format(16, True, 2.0**-12)


@pytest.mark.parametrize(
    ("dialect", "operator", "source", "target", "parameters", "words"),
    [
        ("tflm", "gelu", I8, I8, {}, ["tflm", "litert"]),
        ("litert", "swish", I8, I8, {}, ["swish", "hard_swish"]),
        ("litert", "gelu", Format(12, True, 0.5), I8, {}, ["int12", "int8"]),
        ("litert", "gelu", I8, U8, {}, ["uint8", "int8"]),
        ("litert", "gelu", Format(8, True, 0.1), I8, {}, ["0.1", "float32"]),
        ("litert", "gelu", I8, I8, {"alpha": 1.0}, ["alpha", "libm"]),
        ("litert", "gelu", I8, I8, {"libm": "musl"}, ["musl", "fdlibm"]),
        ("litert", "leaky_relu", I8, I8, {}, ["alpha"]),
        ("litert", "leaky_relu", I8, I8, {"alpha": float("nan")}, ["alpha", "nan"]),
        ("litert", "elu", U8, U8, {}, ["uint8", "int8"]),
        ("litert", "elu", I8, I8, {"resolver": "reference"}, ["reference", "elu"]),
        ("litert", "logistic", I8, I8, {}, ["1/256", "0.0625"]),
        ("litert", "logistic", I16, I16, {}, ["2**-15"]),
        ("litert", "tanh", Format(16, True, 2.0**-12, 1), Format(16, True, 2.0**-15), {}, ["zero_point", "0"]),
        ("litert", "hard_swish", Format(8, True, 64.0), Format(8, True, 0.25), {}, ["0.25", "0.25"]),
        ("litert", "hard_swish", I16, I16, {}, ["int16"]),
        ("cmsis-nn", "tanh", Format(16, True, 0.75), Format(16, True, 2.0**-15), {}, ["0.75", "power of two"]),
        ("cmsis-nn", "tanh", I16, I16, {}, ["2**-15"]),
        ("onnxruntime", "qlinear_sigmoid", I16, I16, {}, ["int16", "int8"]),
        ("executorch", "gelu", U8, U8, {}, ["uint8", "int8"]),
        ("torch", "gelu", I16, I16, {}, ["int16", "int8"]),
    ],
)
def test_what_a_runtime_has_not_is_one_sentence(
    dialect: str, operator: str, source: Format, target: Format, parameters: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(GelugenError) as caught:
        codes(dialect, operator, source, target, **parameters)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("dialect", "operator", "kind"),
    [
        (name, operator.name, kind)
        for name, dialect in DIALECTS.items()
        for operator in dialect.operators.values()
        for kind in operator.kinds
    ],
)
def test_every_operator_gives_codes_of_its_output_at_extreme_scales(dialect: str, operator: str, kind: str) -> None:
    """No warning, no overflow, no code outside the format, whatever the scales."""
    rng = np.random.default_rng(5)
    for small, large in ((-120, -100), (-30, -20), (-8, 0), (20, 60), (100, 120)):
        source, target, parameters = (
            live_runtimes.random_case(rng, dialect, operator, kind)
            if dialect in live_runtimes.RUNTIMES
            else (Format(16, True, 2.0**-12), Format(16, True, 2.0**-15), {})
        )
        if kind.endswith("8"):
            source = Format(8, source.signed, 2.0 ** int(rng.integers(small, large)), source.zero_point)
        if dialect == "executorch":
            source = target = Format(8, True, 2.0 ** int(rng.integers(small, large)), 3)
        if dialect == "torch":
            target = source
        try:
            found = codes(dialect, operator, source, target, **parameters)
        except GelugenError:
            assert operator in ("hard_swish", "leaky_relu")  # those that refuse a pair of scales
            continue
        assert (target.check_codes(found) == found).all()


# -- the runtimes themselves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "operator", "kind"),
    [(name, *pair) for name in live_runtimes.RUNTIMES for pair in live_runtimes.classes(name)],
)
def test_a_dialect_gives_what_the_installed_runtime_gives(dialect: str, operator: str, kind: str) -> None:
    lacks = live_runtimes.missing(dialect)
    if lacks and os.environ.get("CI") and dialect != "torch":
        pytest.fail(f"{', '.join(lacks)} must be installed on CI: pip install 'gelugen[runtimes]'")
    if lacks:
        pytest.skip(f"{', '.join(lacks)} not installed")
    cases = 40 if kind.endswith("8") else 6
    _, wrong, _, shown = live_runtimes.compare(dialect, operator, kind, cases, seed=17)
    assert wrong == 0, "\n".join([live_runtimes.version(dialect), *shown])
