"""Tables made right, and made wrong on purpose in every way that the audit tells of."""

import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from gelugen.audit import Claim, Table, audit, read_table
from gelugen.audit.scales import nice_numbers, rounded
from gelugen.audit.shapes import candidates, total
from gelugen.cli import main
from gelugen.emit import emit
from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.functions import CATALOGUE
from gelugen.golden import golden_of
from gelugen.spec import Spec
from gelugen.target import Target
from gelugen.units import build

X = np.arange(-128, 128) / 16


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


def codes(function="gelu", input="q3.4", output="q3.4"):
    return golden_of(total(function), Format.parse(input), Format.parse(output)).codes.copy()


def table(words, bits=8, signed=True):
    return Table(np.asarray(words, dtype=np.int64), "test", bits, signed)


@lru_cache(maxsize=1)
def right():
    return audit(table(codes()))


def says(found, subject, level="wrong"):
    return " ".join(each.text for each in found.findings if each.subject == subject and each.level == level)


# -- the pieces ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("each", candidates(), ids=lambda each: each.name)
def test_shapes_are_the_functions_of_the_catalogue(each):
    x = np.concatenate([np.linspace(-9, 9, 37), [1e-3, -1e-3, 40, -40]])
    assert np.abs(each.function.values(x) - each.shape(x)).max() < 1e-12


def test_every_function_of_the_catalogue_is_tried():
    assert {each.name.partition(":")[0] for each in candidates()} == set(CATALOGUE) - {"parametric_gelu"}


def test_nice_numbers_are_those_that_somebody_would_write():
    assert nice_numbers(0.0621, 0.0626)[0].text == "2^-4"
    assert nice_numbers(0.0499, 0.0501)[0].text == "0.05"
    assert "16/255" in [each.text for each in nice_numbers(0.0627, 0.0628)]
    assert all(0.03 <= each.value <= 0.031 for each in nice_numbers(0.03, 0.031))
    assert nice_numbers(0.0, 1.0) == []


def test_directed_roundings():
    real = np.array([-1.5, -0.2, 0.0, 0.2, 1.5, 200.0])
    for mode, made in {
        "floor": [-2, -1, 0, 0, 1, 127],
        "ceil": [-1, 0, 0, 1, 2, 127],
        "truncate": [-1, 0, 0, 0, 1, 127],
        "nearest": [-2, 0, 0, 0, 2, 127],
    }.items():
        assert rounded(real, 0, (-128, 127), mode).tolist() == made


# -- tables that are right -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "input", "output"),
    [
        ("gelu", "q3.4", "q3.4"),
        slow("gelu", "int8:scale=0.05,zero_point=-3", "int8:scale=0.03,zero_point=-100"),
        ("gelu", "int8:scale=0.037,zero_point=11", "int8:scale=0.021,zero_point=-20"),
        slow("gelu_tanh", "q3.8", "q3.8"),
        ("sigmoid", "int8:scale=0.05", "int8:scale=0.00390625,zero_point=-128"),
        slow("tanh", "q3.4", "q0.7"),
        slow("swish", "int8:scale=0.04", "int8:scale=0.04"),
        ("exp", "int8:scale=0.03125,zero_point=127", "uq0.8"),
        ("hard_swish", "q3.4", "q3.4"),
        slow("mish", "q3.4", "q3.4"),
        slow("normal_pdf", "q3.4", "q0.7"),
    ],
)
def test_a_right_table_is_known_with_its_formats(function, input, output):
    wanted_in, wanted_out = Format.parse(input), Format.parse(output)
    found = audit(table(codes(function, input, output), wanted_out.bits, wanted_out.signed))
    best = found.measured
    assert best.hypothesis.candidate.name == function
    assert best.wrong == 0
    assert (best.input, best.output) == (wanted_in, wanted_out)
    assert best.hypothesis.view.order == "offset"
    assert "correctly rounded in all" in found.sentence
    assert not [each for each in found.findings if each.level == "wrong"]


def test_what_cannot_be_told_apart_is_listed():
    found = audit(table(codes("tanh", "q3.4", "q0.7")))
    assert [each.hypothesis.candidate.name for each in found.others] == ["sigmoid"]
    found = audit(table(codes("gelu", "q3.4", "q2.5")))
    assert found.sentence.startswith("GELU, erf form or tanh form (these formats do not tell them apart)")
    assert right().forms == {"gelu": (0, 0), "gelu_tanh": (2, 1), "gelu_sigmoid": (20, 1)}


def test_the_range_of_scales_is_where_the_codes_stay():
    low, high = right().measured.hypothesis.scale_range
    assert low < 1 / 16 < high

    def same(scale):
        steps = np.linspace(0.0622, 0.0628, 3001)[:, None]  # some output scale will do
        values = total("gelu").values(np.arange(-128, 128) * scale)
        return (np.clip(np.rint(values / steps), -128, 127) == codes()).all(axis=1).any()

    assert same(low * 1.001)
    assert same(high * 0.9995)
    assert not same(low * 0.999)
    assert not same(high * 1.001)


@pytest.mark.slow
def test_a_table_over_a_linspace_and_one_for_positive_x():
    ends = np.rint(total("gelu").values(np.linspace(-8, 8, 256)) * 16).clip(-128, 127)
    found = audit(table(ends))
    assert found.measured.wrong == 0
    assert "linspace(-8, 8, 256)" in says(found, "zero", "note")
    half = np.rint(total("gelu").values(np.arange(256) / 32) * 32)
    found = audit(table(half, 16))
    assert (found.measured.wrong, str(found.measured.input)) == (0, "uq3.5")


# -- tables that are wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("low_bits", lambda y: np.roll(y, 128)),
        slow("offset-reversed", lambda y: y[::-1]),
        slow("low_bits-reversed", lambda y: np.roll(y, 128)[::-1]),
        ("rotated:1", lambda y: np.roll(y, 1)),
    ],
)
def test_orders(order, words):
    found = audit(table(words(codes())))
    assert (found.measured.hypothesis.view.order, found.measured.wrong) == (order, 0)
    assert bool(says(found, "order", "note") + says(found, "order")) == ("-reversed" in order or "rotated" in order)


@pytest.mark.parametrize(("rounding", "by"), [slow("floor", np.floor), ("truncate", np.trunc), slow("ceil", np.ceil)])
def test_directed_rounding_is_named(rounding, by):
    found = audit(table(by(total("gelu").values(X) * 16).clip(-128, 127)))
    assert (found.measured.rounding, found.measured.wrong) == (rounding, 0)
    assert "correctly rounded" not in found.sentence


@pytest.mark.slow
def test_ties_are_named():
    found = audit(table(np.floor(np.maximum(np.arange(-128, 128), 0) * 0.5 + 0.5)))
    assert found.measured.rounding in ("away", "up")
    assert found.measured.roundings["even"] == 32


@pytest.mark.parametrize(
    ("said", "words", "bits", "signed"),
    [
        ("sign extension is missing", lambda y: y & 255, 16, True),
        slow("sign and magnitude", lambda y: np.where(y < 0, 128 - y, y), 8, None),
        ("two bytes of every word are swapped", None, 16, None),
    ],
)
def test_readings_of_words(said, words, bits, signed):
    made = codes("gelu", "q3.4", "q3.12") & 0xFFFF if words is None else words(codes())
    made = (made & 255) << 8 | made >> 8 if words is None else made
    found = audit(table(made, bits, signed))
    assert found.measured.wrong == 0
    assert said in says(found, "words").lower()
    assert said in found.sentence.lower()


@pytest.mark.slow
def test_bare_words_and_unsigned_decimals_are_no_mistake():
    assert not [each for each in audit(table(codes() & 255, 8, None)).findings if each.level == "wrong"]
    found = audit(table(codes() & 255, None, None))
    assert "unsigned numbers" in says(found, "words", "note")


@pytest.mark.parametrize(
    ("said", "damage", "wrong"),
    [
        ("the sign bit is lost", lambda y: np.where(y < 0, y & 127, y), 34),
        ("wraps around where it should saturate", None, 64),
    ],
)
def test_slips_of_two_s_complement(said, damage, wrong):
    made = damage(codes()) if damage else (np.rint(total("gelu").values(X) * 32).astype(int) + 128) % 256 - 128
    found = audit(table(made))
    assert found.measured.wrong == wrong
    assert f"{wrong} entries" in says(found, "slip")
    assert said in says(found, "slip")
    assert said in found.sentence


def test_single_wrong_entries_are_found_and_counted():
    words = codes()
    words[[40, 100, 150, 200]] ^= np.array([1, 2, 16, 1])
    found = audit(table(words))
    best = found.measured
    assert best.places.tolist() == [40, 100, 150, 200]
    assert best.histogram() == {-16: 1, -2: 1, 1: 2}
    assert best.code(best.worst()[0]) == 22
    assert found.sentence == "GELU, erf form, but 4 of 256 entries are wrong, by up to 16 codes."
    assert best.ulp[150] == pytest.approx(4 - 16 * total("gelu").values(np.array([1.375]))[0])


def test_zero_and_tails():
    words = codes()
    words[128] = 1
    assert says(audit(table(words)), "zero") == "f(0) = 0: entry 128, for input code 0, is 1: it should be 0."
    assert "right" in says(right(), "zero", "ok")
    words = codes()
    words[:60] = -1
    found = audit(table(words))
    assert found.measured.places.tolist() == list(range(60))
    assert "60 of 93 entries: they hold -1" in says(found, "left_tail")
    assert says(found, "right_tail", "ok")


@pytest.mark.slow
def test_a_right_tail_that_saturates_too_early():
    words = codes()
    words[-60:] = 100
    assert "they hold 100" in says(audit(table(words)), "right_tail")


def test_unused_entries():
    assert "768 of 1024 entries are padding" in says(audit(table(np.append(codes(), np.zeros(768)))), "unused", "note")
    found = audit(table(np.repeat(codes(), 4)))
    assert (found.measured.wrong, found.measured.hypothesis.view.repeat) == (0, 4)
    assert "the low 2 bits of the input never matter" in says(found, "unused", "note")
    assert "first 93 of 256 entries" in says(right(), "unused", "note")


def test_plain_relu_and_when_gelu_is_that_too():
    relu = table(np.maximum(np.arange(-128, 128), 0))
    found = audit(relu)
    assert found.sentence.startswith("Plain ReLU in all 256 entries. GELU rounds to plain ReLU too")
    low = next(each for each in found.others if each.hypothesis.candidate.name == "gelu").hypothesis.scale_range[0]
    for scale, same in ((low * 1.001, True), (low * 0.999, False)):
        text = f"int8:scale={scale}"
        assert (codes("gelu", text, text) == relu.words).all() == same
    fine, coarse = (Format.parse(f"int8:scale={scale}") for scale in (0.05, 1.0))
    found = audit(relu, Claim("gelu", fine, fine))
    assert found.holds is False
    assert "Plain ReLU" in found.truth
    found = audit(relu, Claim("gelu", coarse, coarse))
    assert found.holds
    assert "but it is plain ReLU" in found.sentence
    assert "is plain ReLU too, in all 256 entries" in says(found, "relu_gelu", "note")


def test_what_is_no_function_is_said_to_be_none():
    assert audit(table(np.full(256, 3))).sentence == "Every one of the 256 entries is 3: this is no function."
    words = np.random.default_rng(1).integers(-128, 128, 256)
    assert audit(table(words)).sentence.startswith("No function of the catalogue")
    coarse = np.where(X < -2, 0, np.where(X > 2, X, X / 2 + X * X / 8))
    assert audit(table(np.rint(coarse * 16))).sentence.startswith("No function of the catalogue fits: the nearest is")


# -- claims ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ({"function": "gelu"}, True),
        ({"function": "gelu", "input": "q3.4", "output": "q3.4"}, True),
        ({"function": "gelu", "input": "q3.4", "output": "q3.4", "order": "low_bits"}, False),
        slow({"function": "gelu", "input": "q2.5"}, False),
        ({"function": "gelu", "input": "q3.5"}, False),
        ({"function": "gelu_tanh", "input": "q3.4", "output": "q3.4"}, False),
        ({"function": "gelu_tanh", "input": "q3.4", "output": "q3.4", "guarantee": "faithful"}, True),
        ({"function": "sigmoid"}, False),
        ({"function": "gelu", "input": "q3.4", "output": "q3.4", "dialect": "litert"}, True),
        slow({"function": "gelu_tanh", "input": "q3.4", "output": "q3.4", "dialect": "litert"}, False),
    ],
)
def test_claims(claim, holds, tmp_path, capsys):
    path = tmp_path / "table.csv"
    path.write_text("\n".join(map(str, codes())))
    flags = [word for key, value in claim.items() for word in (f"--{key}", value)]
    assert main(["audit", str(path), "--json", *flags]) == (0 if holds else 1)
    assert json.loads(capsys.readouterr().out)["holds"] is holds


def test_one_wrong_bit_breaks_a_claim():
    words = codes()
    words[7] ^= 1
    claim = Claim("gelu", Format.parse("q3.4"), Format.parse("q3.4"))
    assert audit(table(codes()), claim).holds
    found = audit(table(words), claim)
    assert found.holds is False
    assert "1 of 256 entries are not correctly rounded for gelu, by up to 1 code, first at code -121" in found.sentence
    assert not audit(table(codes() & 255, 16, True), Claim("gelu")).holds


# -- files -------------------------------------------------------------------------------------------------------


def written(kind, y):
    hexes = [f"{word & 255:02x}" for word in y.tolist()]
    if kind == "mem":
        return "// a table\n@0\n" + "\n".join(hexes)
    if kind == "hex":
        data = bytes(word & 255 for word in y.tolist())
        lines = []
        for at in range(0, 256, 16):
            raw = bytes([16, 0, at, 0]) + data[at : at + 16]
            lines.append(":" + (raw + bytes([-sum(raw) & 255])).hex().upper())
        return "\n".join([*lines, ":00000001FF"])
    if kind == "coe":
        return f"memory_initialization_radix=16;\nmemory_initialization_vector=\n{','.join(hexes)};\n"
    if kind == "mif":
        rows = "\n".join(f"{at} : {word};" for at, word in enumerate(hexes))
        head = "DEPTH = 256;\nWIDTH = 8;\nADDRESS_RADIX = DEC;\nDATA_RADIX = HEX;\nCONTENT BEGIN\n"
        return f"{head}{rows}\nEND;\n"
    if kind == "h":
        items = [f"(int8_t)0x{h}" if at % 2 else f"{v} /* x */" for at, (h, v) in enumerate(zip(hexes, y, strict=True))]
        return f"// int8_t no[3] = {{1, 2}};\nstatic const int8_t gelu[2][128] = {{{{ {', '.join(items)} }}}};\n"
    if kind == "csv":
        return "code,x,y\n" + "\n".join(f"{at - 128},{(at - 128) / 16},{word}" for at, word in enumerate(y))
    return json.dumps({"meta": {"name": "t"}, "table": y.tolist()})


@pytest.mark.parametrize("kind", ["mem", "hex", "coe", "mif", "h", "csv", "json"])
def test_every_kind_of_file_is_read(kind, tmp_path):
    y = codes()
    path = tmp_path / f"table.{kind}"
    path.write_text(written(kind, y))
    found = read_table(path)
    assert ((found.words & 255) == (y & 255)).all()
    renamed = tmp_path / "table"  # what it looks like tells too
    renamed.write_text(path.read_text())
    assert (read_table(renamed).words == found.words).all()


@pytest.mark.parametrize(
    ("function", "input", "output", "left_out"),
    [
        ("gelu", "q3.4", "q3.4", 1),
        slow("gelu", "q3.5", "q3.4", 2),
        slow("gelu", "q5.2", "q5.2", 1),
        ("gelu_derivative", "q3.4", "q1.6", 1),
        slow("normal_pdf", "q3.4", "q0.7", 0),
    ],
)
@pytest.mark.parametrize("kind", ["mem", slow("hex"), slow("coe"), slow("mif")])
def test_tables_of_our_own_are_known_with_zeros_at_the_end_left_out(function, input, output, left_out, kind, tmp_path):
    spec = Spec(function, Format.parse(input), Format.parse(output), architecture="table")
    memory = () if kind == "mem" else (kind,)
    path = tmp_path / f"t.{kind}"
    path.write_text(emit(build(spec), Target("t", memory=memory))[path.name])
    read = read_table(path)
    assert len(read.words) == (1 << spec.input.bits) - left_out
    found = audit(read)
    assert (found.measured.hypothesis.candidate.name, found.measured.wrong) == (function, 0)
    assert (found.measured.input, found.measured.hypothesis.view.order) == (spec.input, "low_bits")
    assert found.measured.output.scale == spec.output.scale
    assert ("left out" in found.sentence) == bool(says(found, "left_out", "note")) == bool(left_out)
    assert not [each for each in found.findings if each.level == "wrong"]
    assert found.to_json()["file"]["entries"] == len(read.words)


def test_zeros_are_filled_up_to_the_size_of_a_claimed_input():
    relu = np.maximum(np.roll(np.arange(-128, 128), 128), 0)
    claim = Claim("relu", Format.parse("q3.4"), Format.parse("q3.4"))
    assert audit(table(relu[:128]), claim).holds
    litert = Claim("gelu", Format.parse("q3.4"), Format.parse("q3.4"), dialect="litert", order="low_bits")
    words = np.roll(codes(), 128)
    assert words[-1] == 0
    assert audit(table(words[:-1]), litert).holds


@pytest.mark.slow
def test_zeros_that_are_none_are_not_filled_up():
    gelu = np.roll(codes(), 128)
    claim = Claim("gelu", Format.parse("q3.4"), Format.parse("q3.4"))
    assert "needs 256 entries, and there are 252" in audit(table(gelu[:-4]), claim).sentence
    litert = replace(claim, dialect="litert", order="low_bits")
    assert "256 entries are needed, and there are 252" in audit(table(gelu[:-4]), litert).sentence


def test_a_table_without_the_most_negative_code_is_not_filled():
    found = audit(table(codes()[1:]))
    assert (found.measured.wrong, found.measured.hypothesis.view.left_out) == (0, 0)
    assert found.measured.hypothesis.view.order == "offset"


def test_numpy_files_and_columns(tmp_path):
    path = tmp_path / "table.npy"
    np.save(path, codes().astype(np.int8))
    found = read_table(path)
    assert (found.bits, found.signed, found.words.tolist()) == (8, True, codes().tolist())
    shuffled = np.random.default_rng(2).permutation(256)
    np.save(path, np.stack([shuffled - 128, codes()[shuffled]], axis=1))
    found = audit(read_table(path))
    assert (found.measured.hypothesis.view.order, found.measured.wrong) == ("codes", 0)
    assert str(found.measured.input) == "q3.4"


C = """
#define N 8
static const uint8_t first[8] PROGMEM = { 1u, 0x2U, 3, 4, 5, 6, 7, '8' };
const std::array<int16_t, 8> second = { -1, ~0, (1 << 3) - 1, INT16_C(-5), 010, 0b11, static_cast<int16_t>(9), 7 };
int q[] = {0, 1, 2}; float f[2] = {0.5, 1.5}; const char *names[] = {"a", "b"};
"""


def test_arrays_of_c(tmp_path):
    path = tmp_path / "tables.h"
    path.write_text(C.replace("'8'", "8"))
    found = read_table(path, array="second")
    assert (found.bits, found.signed, found.words.tolist()) == (16, True, [-1, -1, 7, -5, 8, 3, 9, 7])
    found = read_table(path, array="first")
    assert (found.bits, found.signed, found.words.tolist()) == (8, False, list(range(1, 9)))
    with pytest.raises(GelugenError, match=r"holds 2 tables, first \(8 words\), second \(8 words\): choose one"):
        read_table(path)
    with pytest.raises(GelugenError, match="'third' is not in"):
        read_table(path, array="third")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.h", "int8_t t[9] = {1,2,3,x,5,6,7,8,9};", "element 3 of array t is 'x'"),
        ("a.h", "int8_t t[9] = {1,2,3", "cut short"),
        ("a.h", "int x;", "no array of integers"),
        ("a.csv", "1\n2\nabc\n" + "4\n" * 9, "row 3 of column 0 is 'abc'"),
        ("a.csv", "0.5\n" * 20, "no column holds integers"),
        ("a.csv", "", "empty"),
        ("a.json", "[1, 2", "not JSON"),
        ("a.json", "{}", "no list of integers"),
        ("a.json", "[[1, 2], [3]]", "no list of integers"),
        ("a.json", "[1,2,3,4,5,6,7,8,9.5]", "element 8 of the list is 9.5"),
        ("a.mem", "00 01 02", "3 words"),
        ("a.mem", "zz", "unknown"),
        ("a.csv", "\n".join(["99999"] * 16), "at most 16 bits"),
        ("a.npy", "not numpy", "damaged"),
        ("a.mif", "DEPTH = 4;", "CONTENT BEGIN"),
    ],
)
def test_damaged_files_are_refused_in_one_sentence(name, text, said, tmp_path, capsys):
    path = tmp_path / name
    path.write_text(text)
    assert main(["audit", str(path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_what_is_asked_wrongly_is_refused(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(map(str, codes())))
    for flags, said in (
        (["--order", "foo"], "order 'foo' is not known"),
        (["--ties", "odd"], "ties 'odd' is not known"),
        (["--function", "foo"], "function 'foo' is not known"),
        (["--dialect", "litert"], "without function, input and output"),
        (["--format", "xls"], "format 'xls' is not known"),
    ):
        assert main(["audit", str(path), *flags]) == 2
        assert said in capsys.readouterr().err
    assert main(["audit", str(tmp_path / "none.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.slow
def test_the_verdict_is_the_first_line(tmp_path, capsys):
    path = tmp_path / "a.csv"
    words = codes()
    words[100] = 5
    path.write_text("\n".join(map(str, words)))
    assert main(["audit", str(path)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "GELU, erf form, but 1 of 256 entries are wrong, by up to 6 codes."
    assert any("the right table: gelugen generate --function gelu --input q3.4 --output q3.4" in line for line in out)
