"""Gated units: the model against exact fractions, the multiplier against brute force, the files against the model."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import tally
from gated_mutation import CORPUS, SUFFIX, SURVIVORS, Rendered, all_mutants, survivors, template
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_emit import lint

import gelugen
from gelugen import requantize
from gelugen.aims import Guarantee
from gelugen.cli import main
from gelugen.emit import MANIFEST, emit, latency
from gelugen.emit.manifest import digest, dump
from gelugen.errors import GelugenError
from gelugen.flow import generate
from gelugen.functions import CATALOGUE
from gelugen.gated import Gated
from gelugen.gated_spec import SYNONYMS, GatedSpec
from gelugen.products import check, measure, real_activation
from gelugen.requests import from_flags, from_toml, to_toml
from gelugen.spec import Spec, Target, command
from gelugen.store import load, read, write
from gelugen.units import build, from_json
from gelugen.verify import check_guarantee, passed, verify
from gelugen.verify.c import check_c, sweep_c
from gelugen.verify.icarus import check_icarus, run_own_bench

AFFINE = {
    "input": "int8:scale=0.05,zero_point=3",
    "intermediate": "int8:scale=fit",
    "up": "int8:scale=0.031,zero_point=-7",
    "output": "int8:scale=0.07,zero_point=11",
}
UNSIGNED = {
    "input": "uint8:scale=0.04,zero_point=131",
    "intermediate": "uint8:scale=fit",
    "up": "uint8:scale=0.03,zero_point=120",
    "output": "uint8:scale=0.05,zero_point=77",
}
FIXED = dict.fromkeys(("input", "intermediate", "up", "output"), "q3.4")
SMALL = dict.fromkeys(("input", "intermediate", "up", "output"), "q2.2")
UNITS = [name for name, function in SYNONYMS.items() if function in CATALOGUE]


def small(**fields: str) -> Gated:
    """A gated unit of 4 to 6 bits whose activation is found at once."""
    data = {**SMALL, "function": "gelu", "guarantee": "ulp:2", "architecture": "residual-table", **fields}
    return build(GatedSpec(**data))


# -- the model -----------------------------------------------------------------------------------------------


def exact(gated: Gated, gate: int, up: int) -> int:
    """The output code by exact fractions, from the spec's formats and the activation's codes alone."""
    spec = gated.spec
    act = int(gated.design.eval([gate])[0])
    one, two, out = spec.intermediate, spec.up, spec.output
    real = (act - one.zero_point) * Fraction(one.scale) * (up - two.zero_point) * Fraction(two.scale)
    steps = abs(real) / Fraction(out.scale)
    rounded = math.floor(steps + Fraction(1, 2)) * (-1 if real < 0 else 1)
    return min(max(rounded + out.zero_point, out.code_min), out.code_max)


@pytest.mark.parametrize("formats", [AFFINE, UNSIGNED, FIXED, SMALL], ids=["affine", "unsigned", "fixed", "small"])
def test_eval_is_the_product_of_codes_rounded_half_away_from_zero(formats):
    gated = build(GatedSpec("geglu", **formats))
    gate, up = gated.sequence()
    some = slice(None) if len(gate) < 2000 else np.random.default_rng(5).choice(len(gate), 4000, replace=False)
    gate, up = gate[some], up[some]
    assert gated.eval(gate, up).tolist() == [
        exact(gated, *pair) for pair in zip(gate.tolist(), up.tolist(), strict=True)
    ]


@settings(max_examples=60)
@given(data=st.data())
def test_eval_is_exact_for_any_scales_and_zero_points(data):
    def form(name: str) -> str:
        signed, bits = data.draw(st.booleans(), name), data.draw(st.integers(4, 6), name)
        low = -(1 << bits - 1) if signed else 0
        zero_point = data.draw(st.integers(low, low + (1 << bits) - 1), name)
        scale = data.draw(st.sampled_from([0.25, 0.05, 0.3, 1.0, 1e-3, 7.5]) | st.floats(1e-3, 10), name)
        return f"{'' if signed else 'u'}int{bits}:scale={scale.hex()},zero_point={zero_point}"

    requantize = data.draw(st.sampled_from(["correct", "correct", "ulp:0.51", "ulp:1", "ulp:3.5"]))
    gated = build(
        GatedSpec(
            "gelu",
            *(form(name) for name in ("input", "intermediate", "up", "output")),
            guarantee="ulp:60000",
            architecture="table",
            requantize=requantize,
        )
    )
    measured = measure(gated)
    assert measured.keeps
    gate, up = gated.sequence()
    outputs = gated.eval(gate, up)
    if requantize == "correct":
        pairs = zip(gate.tolist(), up.tolist(), strict=True)
        assert outputs.tolist() == [exact(gated, *pair) for pair in pairs]
        return
    out, n = gated.output, gated.spec.requantize.ulp
    for product, got in zip(gated.product(gate, up).tolist(), outputs.tolist(), strict=True):
        real = product * gated.spec.factor
        real = min(max(real, Fraction(out.code_min - out.zero_point)), Fraction(out.code_max - out.zero_point))
        assert abs(got - out.zero_point - real) <= n


def test_eval_broadcasts_and_checks_its_codes():
    gated = small()
    gate, up = gated.spec.input.codes(), gated.spec.up.codes()
    table = gated.eval(gate[:, None], up[None, :])
    assert table.shape == (len(gate), len(up))
    assert table.dtype == np.int64
    assert (table.ravel() == gated.eval(*gated.sequence())).all()
    assert gated.eval(3, [[1], [2]]).shape == (2, 1)
    reals = gated(np.array([0.5, 1.0]), 2.0)
    assert (reals == gated.output.dequantize(gated.eval([2, 4], 8))).all()
    for bad in [([16], [0]), ([0], [16]), ([0.5], [0]), ([0, 1, 2], [0, 1])]:
        with pytest.raises(GelugenError):
            gated.eval(*bad)


# -- the multiplier --------------------------------------------------------------------------------------------


def brute(factor: Fraction, most: int) -> tuple[Fraction, Fraction]:
    """The largest odd / (2p) <= factor, and the smallest above, p <= most; 0 if there is none below."""
    below = max(Fraction(2 * math.floor(factor * p + Fraction(1, 2)) - 1, 2 * p) for p in range(1, most + 1))
    above = min(Fraction(2 * math.floor(factor * p + Fraction(1, 2)) + 1, 2 * p) for p in range(1, most + 1))
    return max(below, Fraction(0)), above


NEAR = st.builds(
    lambda n, d, sign, far: Fraction(n, d) + Fraction(sign, far),
    *(st.integers(1, 60), st.integers(1, 24), st.sampled_from([-1, 0, 1]), st.integers(61, 10**9)),
)
"""Next to a fraction of a small denominator: there the walk is longest."""
FACTORS = st.floats(1e-4, 4).map(Fraction) | NEAR.filter(lambda value: value > 0) | st.fractions(1e-4, 4)


@settings(max_examples=600)
@given(FACTORS, st.integers(1, 150))
@example(Fraction(1, 2) + Fraction(1, 10**6), 140)
@example(Fraction(1, 2), 140)
@example(Fraction(3, 7), 140)
def test_the_neighbours_of_a_factor_are_those_of_brute_force(factor, most):
    low, high = brute(factor, most)
    assert requantize.even_below(factor, 2 * most) == low
    assert requantize.even_above(factor, 2 * most) == high


@settings(max_examples=300)
@given(FACTORS, st.integers(1, 60), st.integers(0, 60), st.integers(1, 40), st.integers(1, 40))
def test_the_multiplier_has_the_fewest_bits_of_all_that_round_right(factor, high, low, below, above):
    products = requantize.Products(-low, high, below, above)

    def outputs(x: Fraction) -> list[int]:
        rounded = (math.floor(abs(p) * x + Fraction(1, 2)) * (-1 if p < 0 else 1) for p in range(-low, high + 1))
        return [min(max(y, -below), above) for y in rounded]

    multiplier, shift = requantize.scaling(factor, products, Guarantee("correct"))
    right = outputs(factor)
    assert outputs(Fraction(multiplier, 1 << shift)) == right
    # Up to where the output saturates: there the interval may be a little too narrow, and only there.
    most = products.unsaturated(min(factor, Fraction(max(products.limit, 1))), Fraction(1, 2))
    lowest, highest = brute(min(factor, Fraction(max(products.limit, 1))), most)
    for less in range(shift):
        first = max(1, math.ceil(lowest * 2**less))
        assert Fraction(first, 1 << less) >= highest
    assert (multiplier - 1) < lowest * 2**shift or multiplier == 1


def test_the_neighbours_of_a_16_bit_factor_are_found_at_once():
    products = requantize.Products(-(2**31), 2**31, 32768, 32767)
    for seed in range(300):
        factor = Fraction(1 + seed, 2 + seed // 3) / 2**15 + Fraction(1, 3**40 + seed)
        low, high = (side(factor, 2 * products.largest) for side in (requantize.even_below, requantize.even_above))
        assert low <= factor < high
        assert all(each.denominator % 2 == 0 for each in (low, high))
        between = Fraction(low.numerator + high.numerator, low.denominator + high.denominator)
        assert low < between < high


def test_a_power_of_two_takes_no_multiplication():
    gated = build(GatedSpec("geglu", **FIXED))
    assert (gated.multiplier, gated.shift, gated.multiplies) == (1, 4, False)
    assert latency(gated) == latency(gated.design) + 2
    files = emit(gated, Target("plain"))
    assert "* 1" not in files["plain.h"]
    assert files["plain.v"].count(" * ") == 1 + files["plain.v"].partition("`default")[0].count(" * ")


def test_what_does_not_fit_63_bits_is_refused_with_what_would():
    wide = dict.fromkeys(("input", "intermediate", "up"), "int16:scale=0.00031")
    fields = {**wide, "output": "int16:scale=0.3,zero_point=5", "architecture": "residual-table", "guarantee": "ulp:2"}
    with pytest.raises(
        GelugenError, match=r"needs more than 63 bits here: ask for requantize (ulp:0\.\d+)$"
    ) as refusal:
        build(GatedSpec("gelu", **fields))
    offered = str(refusal.value).rpartition(" ")[2]
    assert check(build(GatedSpec("gelu", **fields, requantize=offered))).keeps


# -- the errors ----------------------------------------------------------------------------------------------


def test_the_error_is_that_of_the_whole_against_reals():
    gated = build(GatedSpec("geglu", **AFFINE))
    measured = measure(gated)
    spec, (gate, up) = gated.spec, gated.sequence()
    x, other = spec.input.dequantize(gate), spec.up.dequantize(up)
    real = np.array([value / 2 * (1 + math.erf(value / math.sqrt(2))) for value in x]) * other
    out = spec.output
    real = np.clip(real, (out.code_min - out.zero_point) * out.scale, (out.code_max - out.zero_point) * out.scale)
    error = np.abs(out.dequantize(gated.eval(gate, up)) - real) / out.scale
    assert measured.pairs == measured.of == 65536
    assert measured.max_ulp == pytest.approx(error.max(), abs=1e-7)
    assert measured.mean_ulp == pytest.approx(error.mean(), abs=1e-7)
    assert error[(gate == measured.worst_gate) & (up == measured.worst_up)] == pytest.approx(error.max(), abs=1e-7)
    assert measured.correctly_rounded == pytest.approx((error <= 0.5).mean(), abs=1e-4)


def test_the_real_activation_is_not_clamped_to_the_intermediate_format():
    spec = Spec("gelu", "q3.4", "q0.4")
    x = spec.input.dequantize(spec.input.codes())
    want = [value / 2 * (1 + math.erf(value / math.sqrt(2))) for value in x]
    assert real_activation(spec) == pytest.approx(want, abs=1e-8)


def test_a_multiplier_that_breaks_the_guarantee_is_found():
    gated = build(GatedSpec("geglu", **AFFINE))
    for wrong in (
        replace(gated, multiplier=gated.multiplier + 1),
        replace(gated, multiplier=gated.multiplier - 1),
        replace(gated, shift=gated.shift + 1),
    ):
        assert not measure(wrong).keeps
        with pytest.raises(GelugenError, match="break requantize correct"):
            emit(wrong, Target("wrong"))
    assert measure(replace(gated, multiplier=2 * gated.multiplier, shift=gated.shift + 1)).keeps


# -- the spec --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_s_name_stands_for_the_function_of_its_gate(name):
    spec = GatedSpec(name, **FIXED)
    assert spec == GatedSpec(SYNONYMS[name], **FIXED)
    assert spec.function == SYNONYMS[name] == spec.fields()["function"]
    assert spec.default_name() == f"{name}_q3_4_correct"


def test_other_functions_are_gated_and_their_name():
    assert GatedSpec("gelu_tanh", **FIXED).default_name() == "gated_gelu_tanh_q3_4_correct"
    names = {
        GatedSpec("gelu", **{**FIXED, **more}).default_name()
        for more in (
            {},
            {"up": "q2.5"},
            {"output": "q2.5"},
            {"intermediate": "q2.5"},
            {"requantize": "ulp:0.6"},
            {"guarantee": "faithful"},
            {"architecture": "table"},
            {"up": "int8:scale=0.1"},
            {"up": "int8:scale=0.2"},
        )
    }
    assert len(names) == 9
    assert "geglu_q3_4_correct_up_q2_5_out_q3_4" in names
    assert all(re.fullmatch(r"geglu_\w{,57}", name) for name in names)


def test_fields_flags_toml_python_and_the_command_give_the_same():
    fields = {**AFFINE, "function": "geglu", "guarantee": "faithful", "requantize": "ulp:0.6", "ties": "away"}
    fields["exclude"] = "multiplier"
    spec = GatedSpec(**fields)
    assert GatedSpec(**spec.fields()) == GatedSpec.from_fields(spec.fields()) == spec
    assert from_flags(fields) == spec
    design = Spec("gelu", "q3.4", "q3.4")
    text = to_toml({"layer": spec, "plain": design})
    assert sorted(map(str, from_toml(text, "x.toml"))) == sorted(
        map(str, [(spec, Target("layer")), (design, Target("plain"))])
    )
    words = command(spec, Target("layer")).split()[2:]
    flags = {flag.removeprefix("--"): value for flag, value in zip(words[::2], words[1::2], strict=True)}
    assert flags.pop("name") == "layer"
    assert from_flags(flags) == spec


def test_the_same_request_from_flags_and_toml_gives_the_same_bytes(tmp_path, capsys):
    flags = [word for name, text in SMALL.items() for word in (f"--{name}", text)]
    assert main(["generate", "--function", "geglu", *flags, "--name", "layer", "-o", str(tmp_path / "a")]) == 0
    (tmp_path / "x.toml").write_text(
        '[design.plain]\nfunction = "gelu"\ninput = "q2.2"\noutput = "q2.2"\n\n[gated.layer]\nfunction = "gelu"\n'
        + "".join(f'{name} = "{text}"\n' for name, text in SMALL.items())
    )
    assert main(["generate", str(tmp_path / "x.toml"), "-o", str(tmp_path / "b")]) == 0
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["layer", "plain"]
    made = gelugen.generate(GatedSpec("geglu", **SMALL), tmp_path / "c", Target("layer"))
    assert isinstance(made.design, Gated)
    for path in (tmp_path / "a" / "layer").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / "layer" / path.name).read_bytes()
        assert path.read_bytes() == (tmp_path / "c" / "layer" / path.name).read_bytes()
    capsys.readouterr()
    assert main(["show", "--json", str(tmp_path / "a" / "layer")]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["up"], shown["pairs"], shown["multiplier"]) == ("q2.2", 1024, made.design.multiplier)
    assert main(["show", str(tmp_path / "a" / "layer")]) == 0
    assert "gelu(gate) * up" in capsys.readouterr().out
    assert load(tmp_path / "a" / "layer") == gelugen.load(made.folder) == made.design


def test_the_command_of_a_manifest_makes_the_folder_again(tmp_path):
    made = generate(GatedSpec("geglu", **{**SMALL, "requantize": "ulp:0.75"}), tmp_path / "a")
    words = read(made.folder).manifest["command"].split()[1:]
    assert main([*words, "-o", str(tmp_path / "b")]) == 0
    for path in made.folder.iterdir():
        assert path.read_bytes() == (tmp_path / "b" / made.folder.name / path.name).read_bytes()


Q = ["--function", "gelu", "--input", "q2.2", "--output", "q2.2"]
BAD = {
    "geglu without up": (["--function", "geglu", *Q[2:]], r"function 'geglu' multiplies two inputs: give intermediate"),
    "no intermediate": ([*Q, "--up", "q2.2"], r"--intermediate is missing: a gated unit needs"),
    "no up": ([*Q, "--intermediate", "q2.2"], r"--up is missing"),
    "requantize alone": ([*Q, "--requantize", "correct"], r"--intermediate is missing"),
    "faithful": ([*Q, "--up", "q2.2", "--intermediate", "q2.2", "--requantize", "faithful"], r"requantize faithful"),
    "half": ([*Q, "--up", "q2.2", "--intermediate", "q2.2", "--requantize", "ulp:0.5"], r"N above 0\.5"),
    "word": ([*Q, "--up", "q2.2", "--intermediate", "q2.2", "--requantize", "near"], r"requantize 'near' is not known"),
    "fitted up": ([*Q, "--up", "int8:scale=fit", "--intermediate", "q2.2"], r"up 'int8:scale=fit' asks for scale=fit"),
    "minimise": (
        [*Q, "--up", "q2.2", "--intermediate", "q2.2", "--minimise", "mse"],
        r"key 'minimise' is not known in a gated unit",
    ),
    "format": ([*Q, "--up", "q2.2", "--intermediate", "q9"], r"format 'q9' is not known"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_flags_are_one_sentence(case, tmp_path, capsys):
    flags, sentence = BAD[case]
    assert main(["generate", *flags, "-o", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert re.search(sentence, said), said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '[design.a]\nfunction = "gelu"\ninput = "q2.2"\noutput = "q2.2"\nup = "q2.2"',
            r"name its table \[gated\.NAME\]",
        ),
        ('[design.a]\nfunction = "swiglu"\ninput = "q2.2"\noutput = "q2.2"', "multiplies two inputs"),
        ('[gated.a]\nfunction = "gelu"\ninput = "q2.2"\noutput = "q2.2"\nup = "q2.2"', "'intermediate' is missing"),
        ('[gated.a]\nfunction = "gelu"\ngate = "q2.2"', "key 'gate' is not known in a gated unit"),
        ("[gated]\n", "holds no gated"),
        ("gated = 3", "holds no gated"),
        ("[gated]\na = 3", "must be a table"),
        ("[gate.a]\n", "unknown key 'gate'"),
    ],
)
def test_bad_tables_are_one_sentence(text, sentence):
    with pytest.raises(GelugenError, match=sentence):
        from_toml(text, "x.toml")


def test_names_that_collide_in_c_are_refused(tmp_path, capsys):
    tables = "".join(f'{name} = "{text}"\n' for name, text in SMALL.items())
    plain = 'function = "gelu"\ninput = "q2.2"\noutput = "q2.2"\n'
    (tmp_path / "x.toml").write_text(f'[gated.a]\nfunction = "gelu"\n{tables}[design.a_act]\n{plain}')
    assert main(["generate", str(tmp_path / "x.toml"), "-o", str(tmp_path / "out")]) == 2
    assert "a_act is asked for beside a" in capsys.readouterr().err
    (tmp_path / "y.toml").write_text(f"[design.a]\n{plain}[design.a_act]\n{plain}")
    assert main(["generate", str(tmp_path / "y.toml"), "-o", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("multiplier", 0),
        ("multiplier", True),
        ("multiplier", 1 << 60),
        ("shift", -1),
        ("shift", 62),
        ("spec", {}),
        ("x", 1),
    ],
)
def test_json_is_read_strictly(key, value):
    data = small().to_json()
    assert from_json("gated", data) == small()
    with pytest.raises(GelugenError):
        from_json("gated", {**data, key: value})
    with pytest.raises(GelugenError):
        from_json("design", data)
    with pytest.raises(GelugenError, match="kind"):
        from_json("bench", data)
    other = small(guarantee="ulp:3").to_json()
    with pytest.raises(GelugenError, match="must be that of its spec"):
        from_json("gated", {**data, "activation": other["activation"]})


# -- the files ---------------------------------------------------------------------------------------------------


QUICK = {"geglu": ["affine"], "swiglu": [], "reglu": ["unsigned"], "glu": []}
"""What ``make test`` runs; ``make test-slow`` runs all."""


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize(
    ("name", "formats"),
    [
        pytest.param(name, formats, id=f"{name}-{kind}", marks=() if kind in QUICK[name] else pytest.mark.slow)
        for name in UNITS
        for kind, formats in {"affine": AFFINE, "unsigned": UNSIGNED, "fixed": FIXED}.items()
    ],
)
def test_all_pairs_of_int8_are_verified_in_c_and_verilog(name, formats, tmp_path):
    made = generate(GatedSpec(name, **formats), tmp_path)
    verdicts = verify(made.folder, ["cc", "icarus"])
    assert passed(verdicts), verdicts
    assert {each.checked for each in verdicts} == {65536}
    header = (made.folder / f"{made.folder.name}.h").read_text()
    assert "over all 65536 pairs of codes" in re.sub(r"\s[\s*]+", " ", header)
    assert lint(made.folder, made.folder.name) == ""


@pytest.mark.slow
@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize(
    "fields",
    [
        {**dict.fromkeys(FIXED, "q3.12"), "guarantee": "faithful"},
        {
            "input": "int16:scale=0.0003,zero_point=7",
            "intermediate": "int16:scale=fit",
            "up": "int16:scale=0.0002,zero_point=-100",
            "output": "uint16:scale=0.0004,zero_point=30000",
            "guarantee": "ulp:2",
            "requantize": "ulp:0.5001",
        },
        {"input": "q3.8", "intermediate": "q3.10", "up": "uq2.14", "output": "q4.8", "guarantee": "ulp:1"},
    ],
    ids=["fixed", "affine", "mixed"],
)
def test_every_gate_code_of_int16_is_verified_in_c_and_verilog(fields, tmp_path):
    made = generate(GatedSpec("geglu", **fields), tmp_path)
    gate, up = made.design.stimulus()
    assert set(gate.tolist()) == set(made.design.spec.input.codes().tolist())
    assert {made.design.spec.up.code_min, made.design.spec.up.code_max, made.design.spec.up.zero_point} <= set(
        up.tolist()
    )
    verdicts = verify(made.folder, ["cc", "icarus"])
    assert passed(verdicts), verdicts
    assert {each.checked for each in verdicts[:-1]} == {len(gate)}
    assert verdicts[-1].checked == 65536
    assert lint(made.folder, made.folder.name) == ""


@pytest.mark.needs("cc", "icarus")
def test_a_wide_unit_is_verified_over_every_code_of_both_inputs(tmp_path):
    made = generate(GatedSpec("gelu", "q2.5", "q2.5", "q2.7", "q2.5", architecture="residual-table"), tmp_path)
    gate, up = made.design.sequence()
    assert len(set(gate.tolist())) == 256
    assert len(set(up.tolist())) == len(up) == 1024
    verdicts = verify(made.folder, ["cc", "icarus"])
    assert passed(verdicts), verdicts
    assert [each.checked for each in verdicts] == [5 * 256] * (len(verdicts) - 1) + [1024]


@pytest.mark.slow
@pytest.mark.needs("cc", "icarus")
def test_tables_in_files_work_in_a_gated_unit(tmp_path):
    fields = {**FIXED, "input": "q3.8", "output": "q2.9"}
    made = generate(GatedSpec("gelu", **{**fields, "input": "q2.11"}, architecture="table"), tmp_path)
    assert ".MEM_FILE(MEM_FILE)" in (made.folder / f"{made.folder.name}.v").read_text()
    assert (made.folder / f"{made.folder.name}.c").is_file()
    assert passed(verify(made.folder))
    assert lint(made.folder, made.folder.name) == ""


@pytest.mark.needs("icarus")
@settings(max_examples=25)
@given(data=st.data())
def test_no_linter_warns_and_the_bench_passes_for_any_formats(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gated")
    gated = build(
        GatedSpec("gelu", *(data.draw(FORMATS) for _ in range(4)), guarantee="ulp:60000", architecture="table")
    )
    for name, text in emit(gated, Target("any_unit")).items():
        (folder / name).write_text(text)
    assert lint(folder, "any_unit") == ""
    for verdict in (
        run_own_bench("Icarus", folder, "any_unit", gated),
        sweep_c("gcc", "gcc", ["-O1"], folder, "any_unit", gated),
    ):
        assert (verdict.status, verdict.checked) == ("pass", verdict.codes), verdict


@st.composite
def _formats(draw):
    signed, bits = draw(st.booleans()), draw(st.integers(4, 5))
    low = -(1 << bits - 1) if signed else 0
    zero_point = draw(st.sampled_from([0, low, low + (1 << bits) - 1]) | st.integers(low, low + (1 << bits) - 1))
    scale = draw(st.sampled_from([0.25, 0.05, 1.0, 4.0, 64.0, 1e-3]))
    return f"{'' if signed else 'u'}int{bits}:scale={scale},zero_point={zero_point}"


FORMATS = _formats()


def test_every_file_opens_with_its_contract():
    files = emit(build(GatedSpec("geglu", **AFFINE)), Target("layer"))
    assert set(files) >= {"layer.h", "layer.v", "layer_act.v", "layer_tb.v", "layer_expected.mem", MANIFEST}
    for name in ("layer.h", "layer.v"):
        head = files[name][:3500]
        for part in (
            "gelu(gate) * up; gelu(x) = x * Phi(x)",
            "int8, scale 0.031, zero point -7",
            "requantize correct",
            "multiplier",
            "over all 65536 pairs",
            "--up int8",
            "sha256",
        ):
            assert part in re.sub(r"\n(//| \*) +", " ", head), (name, part)
    assert "part of    layer" in files["layer_act.v"]
    manifest = json.loads(files[MANIFEST])
    assert (manifest["kind"], manifest["schema"]) == ("gated", 4)
    assert manifest["accuracy"]["pairs"] == 65536
    assert set(manifest["formats"]) == {"input", "intermediate", "up", "output"}
    assert json.loads(emit(build(Spec("gelu", "q2.2", "q2.2")), Target("plain"))[MANIFEST])["kind"] == "design"


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("name", ["gate", "up", "in_gate", "in_up", "act", "activation", "a", "p", "y", "act_1", "p_2"])
def test_a_name_is_refused_or_works(name, tmp_path):
    gated = small()
    if name.removeprefix("in_") in ("gate", "up"):
        with pytest.raises(GelugenError, match=f"name '{name}' is taken by an input"):
            emit(gated, Target(name))
        return
    layout(tmp_path, emit(gated, Target(name)))
    found = [*check_c(tmp_path, name, gated), *check_icarus(tmp_path, name, gated)]
    assert {each.status for each in found} == {"pass"}, found


# -- do the checks check? ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def affine() -> Gated:
    return build(GatedSpec("geglu", **AFFINE))


def layout(folder: Path, files: Mapping[str, str], **changed: str) -> Path:
    for name, text in files.items():
        (folder / name).write_text(changed.get(name.replace(".", "_"), text))
    return folder


def changed_once(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


def harms(gated: Gated, files: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Texts with one thing wrong: file and text."""
    header, module = files["layer.h"], files["layer.v"]
    body = header.index("@brief The activation of gate times up")
    head, tail = header[:body], header[body:]
    m, half, s = gated.multiplier, 1 << gated.shift >> 1, gated.shift
    zero, last = -gated.spec.intermediate.zero_point, latency(gated.design)
    in_c = {
        "multiplier": (f"m * {m}u", f"m * {m ^ 64}u"),
        "shift": (f">> {s})", f">> {s + 1})"),
        "rounding": (f" + {half}u)", f" - {half}u)"),
        "no rounding": (f" + {half}u)", ")"),
        "sign": ("y = p < 0 ? -y : y;", "y = p < 0 ? y : y;"),
        "zero point of up": ("(int64_t)up + 7", "(int64_t)up - 7"),
        "zero point of act": (f"(gate) + {zero}", f"(gate) - {zero}"),
        "zero point of output": ("y = y + 11;", "y = y - 11;"),
        "clamp": ("y = y > 127 ? 127 : y;", ""),
    }
    in_verilog = {
        "multiplier": (f"'sd{m};", f"'sd{m ^ 64};"),
        "shift": (f"{s}];\n    wire signed", f"{s - 1}];\n    wire signed"),
        "rounding": (f" + 35'sd{half}", f" - 35'sd{half}"),
        "up a clock early": (f"{{up_{last}[7], up_{last}}}", f"{{up_{last - 1}[7], up_{last - 1}}}"),
        "up at once": ("up_2 <= up_1;", "up_2 <= in_up;"),
        "zero point of up": (f"up_{last}}} + 9'sd7", f"up_{last}}} - 9'sd7"),
        "clamp": (" < -10'sd128", " < -10'sd126"),
    }
    found = {f"C: {what}": ("layer.h", head + changed_once(tail, *pair)) for what, pair in in_c.items()}
    found |= {f"Verilog: {what}": ("layer.v", changed_once(module, *pair)) for what, pair in in_verilog.items()}
    return found


@pytest.mark.slow
@pytest.mark.needs("cc", "icarus")
def test_every_tool_notices_what_is_wrong(affine, tmp_path):
    files = emit(affine, Target("layer"))
    for what, (file, text) in harms(affine, files).items():
        folder = layout(tmp_path, {**files, file: text})
        found = check_c(folder, "layer", affine) if file == "layer.h" else check_icarus(folder, "layer", affine)
        assert {each.status for each in found} == {"fail"}, (what, found)
        assert all(each.mismatches or "error" in each.note for each in found), (what, found)
    layout(tmp_path, files)
    first = [*check_c(tmp_path, "layer", affine), *check_icarus(tmp_path, "layer", affine)]
    assert {each.status for each in first} == {"pass"}


@pytest.mark.needs("cc", "icarus")
def test_every_tool_names_the_same_first_pair(affine, tmp_path):
    files = emit(affine, Target("layer"))
    header = files["layer.h"].replace("(int64_t)up + 7", "(int64_t)up + 8")
    module = files["layer.v"].replace("'sd7;", "'sd8;")
    assert module != files["layer.v"]
    layout(tmp_path, {**files, "layer.h": header, "layer.v": module})
    verdicts = [*check_c(tmp_path, "layer", affine), *check_icarus(tmp_path, "layer", affine)]
    assert len({(each.mismatches, each.first_mismatch) for each in verdicts}) == 1
    (gate, up), expected, got = verdicts[0].first_mismatch
    assert affine.eval(gate, up) == expected != got


@pytest.mark.slow
@pytest.mark.parametrize("language", [pytest.param("c", marks=pytest.mark.needs("cc"))])
def test_every_mutant_of_a_product_s_template_is_killed_but_for_the_known_survivors(language, tmp_path):
    corpus = {name: Rendered.of(name) for name in CORPUS}
    for name, each in corpus.items():
        assert each.with_template(language, template(language)) == each.files[f"{name}.{SUFFIX[language]}"]
        assert each.passes(language, each.files[f"{name}.{SUFFIX[language]}"], tmp_path / name)
    found = all_mutants(language)
    assert len({mutant.id for mutant in found}) == len(found) >= 40
    alive = survivors(found, language, corpus, tmp_path)
    tally(f"gated, {language}: {len(found)} mutants, {len(found) - len(alive)} killed, {len(alive)} survive")
    assert alive == set(SURVIVORS[language])


def test_verify_checks_multiplier_and_shift_again(affine, tmp_path):
    files = emit(affine, Target("layer"))
    write(tmp_path, "layer", files)
    assert check_guarantee(read(tmp_path / "layer")).status == "pass"
    manifest = json.loads(files[MANIFEST])
    for key in ("multiplier", "shift"):
        harmed = json.loads(files[MANIFEST])
        harmed["design"][key] += 1
        harmed["manifest_sha256"] = digest(harmed)
        write(tmp_path, "layer", {**files, MANIFEST: dump(harmed)})
        verdict = check_guarantee(read(tmp_path / "layer"))
        assert verdict.status == "fail"
        assert "break requantize correct" in verdict.note
        assert verdict.mismatches > 0
        assert verdict.first_mismatch is not None
    manifest["latency"] += 1
    manifest["manifest_sha256"] = digest(manifest)
    write(tmp_path, "layer", {**files, MANIFEST: dump(manifest)})
    assert "latency" in check_guarantee(read(tmp_path / "layer")).note


def test_a_changed_activation_module_is_refused_by_its_hash(affine, tmp_path):
    write(tmp_path, "layer", emit(affine, Target("layer")))
    path = tmp_path / "layer" / "layer_act.v"
    path.write_text(path.read_text().replace("7", "8", 1))
    with pytest.raises(GelugenError, match=r"layer_act\.v is not what gelugen wrote"):
        verify(tmp_path / "layer")


def test_a_picture_is_drawn_or_refused_in_a_sentence(tmp_path):
    pytest.importorskip("matplotlib")
    made = generate(GatedSpec("geglu", **SMALL), tmp_path)
    assert main(["show", str(made.folder), "--plot", str(tmp_path / "map.png")]) == 0
    assert (tmp_path / "map.png").read_bytes()[:4] == b"\x89PNG"
    wide = generate(GatedSpec("gelu", "q2.5", "q2.5", "q2.7", "q2.5", architecture="residual-table"), tmp_path)
    assert main(["show", str(wide.folder), "--plot", str(tmp_path / "wide.png")]) == 2
    assert not (tmp_path / "wide.png").exists()
