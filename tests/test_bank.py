"""Banks: the model against its members, the files against the model, the request against what may be asked."""

import json
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from conftest import tally
from designs import ANY, coefficients, designs, formats
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_emit import SANITIZER, verilator, write

from gelugen.bank import Bank, check, measure
from gelugen.bank_spec import BankSpec
from gelugen.cli import main
from gelugen.design import Breakpoints, Coefficient, Design, Term, Uniform
from gelugen.emit import MANIFEST, emit, latency
from gelugen.emit.manifest import digest, dump
from gelugen.errors import GelugenError
from gelugen.flow import generate
from gelugen.requests import from_toml, to_toml
from gelugen.spec import Spec, Target
from gelugen.store import load, read
from gelugen.units import build, command, from_json, warnings
from gelugen.verify import check_guarantee
from gelugen.verify.bench import modules
from gelugen.verify.c import check_c, sweep_c
from gelugen.verify.icarus import check_icarus, run_own_bench

SMALL = "int5:scale=0.25,zero_point=-3"


def spec(function="gelu", input="q2.3", output="q2.3", **fields):
    return Spec(function, input, output, **{"architecture": "table", **fields})


def bank(**members):
    return build(BankSpec(members))


def table(values, output="q2.3", **numbers):
    """A plain table of a few bits, which approximates nothing."""
    column = Coefficient(tuple(values), 6, True)
    return Design(spec(output=output, guarantee=ANY), "table", "none", (Term(Uniform(0), (column,)),), **numbers)


def of(*members):
    """A bank of designs that are named a, b, c and so on."""
    names = "abcdefgh"[: len(members)]
    return Bank(BankSpec({name: each.spec for name, each in zip(names, members, strict=True)}), members)


@pytest.fixture(scope="module")
def merged():
    """Three members and two tables: select 2 is as select 0, and select 3 as the last."""
    return bank(first=spec(), second=spec("tanh", output="q0.5"), third=spec())


@pytest.fixture(scope="module")
def mixed():
    """Three cores of different latency: a residual one with a multiplier, a table, and another fold."""
    return bank(
        poly=spec(architecture="residual-uniform-linear"),
        plain=spec("tanh", output="q0.5"),
        even=spec("sigmoid", output="q1.4", architecture="complement-table"),
    )


# -- the model -----------------------------------------------------------------------------------------------


def test_a_bank_evaluates_the_member_that_select_counts(mixed):
    codes = mixed.input.codes()
    for number, design in enumerate(mixed.designs):
        assert (mixed.eval(number, codes) == design.eval(codes)).all()


def test_a_select_past_the_last_member_means_the_last_one(mixed):
    codes = mixed.input.codes()
    assert mixed.select.codes().tolist() == [0, 1, 2, 3]
    assert (mixed.eval(3, codes) == mixed.designs[-1].eval(codes)).all()


def test_selects_and_codes_are_broadcast(mixed):
    codes = mixed.input.codes()
    outputs = mixed.eval([[0], [1], [2]], codes)
    assert outputs.shape == (3, len(codes))
    assert (outputs == [design.eval(codes) for design in mixed.designs]).all()
    assert mixed.eval([1, 0], 3).tolist() == [mixed.designs[1].eval([3])[0], mixed.designs[0].eval([3])[0]]
    assert mixed.eval([], []).shape == (0,)


@pytest.mark.parametrize(
    ("select", "codes", "sentence"),
    [
        (4, 0, "select: code 4 is outside uint2: codes must lie between 0 and 3"),
        (-1, 0, "select: code -1 is outside uint2"),
        (0.5, 0, "select: codes of type float64 must be integers"),
        (0, 32, "code 32 is outside int6"),
        ([0, 1, 2], [0, 1], "select and codes have the shapes (3,) and (2,): they must go together"),
    ],
)
def test_selects_and_codes_that_cannot_be_are_refused(mixed, select, codes, sentence):
    with pytest.raises(GelugenError) as refusal:
        mixed.eval(select, codes)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(("members", "bits"), [(2, 1), (3, 2), (4, 2), (5, 3), (8, 3), (9, 4), (256, 8)])
def test_select_has_as_few_bits_as_tell_the_members_apart(members, bits):
    many = build(BankSpec({f"m{number}": spec() for number in range(members)}))
    assert many.select.bits == bits
    assert (many.select.code_min, many.select.code_max) == (0, (1 << bits) - 1)


def test_all_pairs_of_select_and_code_are_checked(mixed):
    select, codes = mixed.stimulus()
    assert sorted(zip(select.tolist(), codes.tolist(), strict=True)) == [
        (one, two) for one in range(4) for two in range(-32, 32)
    ]


# -- cores ---------------------------------------------------------------------------------------------------


def test_members_of_equal_integers_share_a_core(merged):
    assert merged.core_of == (0, 1, 0)
    assert [merged.users(core) for core in range(2)] == [["first", "third"], ["second"]]


def test_members_that_differ_by_their_scales_alone_share_a_core():
    relu = bank(one=spec("relu", "q2.3", "q2.3"), two=spec("relu", "q1.4", "q1.4"))
    assert relu.core_of == (0, 0)
    assert relu.rom_bits == relu.designs[0].rom_bits


def test_members_that_differ_by_the_zero_point_of_a_fold_do_not():
    one = Design(spec(input="int5:scale=0.25,zero_point=3", guarantee=ANY), "table", "residual", ())
    two = Design(spec(input="int5:scale=0.25,zero_point=4", guarantee=ANY), "table", "residual", ())
    assert of(one, two).core_of == (0, 1)
    assert (of(one, two).eval(0, [4]) == 1, of(one, two).eval(1, [4]) == 0) == (True, True)


def test_one_table_takes_the_place_of_tables(merged):
    assert merged.table is not None
    words = merged.table.eval(np.arange(128))
    bits = np.arange(64)
    codes = np.where(bits < 32, bits, bits - 64)
    assert (words[:64] == merged.cores[0].eval(codes)).all()
    assert (words[64:] == merged.cores[1].eval(codes)).all()
    assert merged.rom_bits == merged.table.rom_bits == 128 * 6
    assert latency(merged) == 1


def test_wide_words_for_narrow_tables_are_not_worth_one_table():
    narrow, wide = table([0, 1] * 32), table(range(-32, 32))
    assert of(table([1, 0] * 32), wide).table is not None  # both have words of 6 bits
    column = Coefficient((0, 1) * 32, 1, False)
    thin = replace(narrow, terms=(Term(Uniform(0), (column,)),))
    assert of(thin, wide).table is None
    assert of(thin, wide).rom_bits == 64 * (1 + 6)


def test_an_address_of_more_than_16_bits_is_no_table():
    spec16 = Spec("gelu", "q3.12", "q3.12", ANY)
    words = [Coefficient(tuple(range(start, start + 40)), 8, False) for start in (1, 2)]
    both = of(*(Design(spec16, "table", "none", (Term(Uniform(0), (each,)),)) for each in words))
    assert both.table is None
    assert len(both.cores) == 2


def test_a_bank_of_cores_waits_for_the_slowest(mixed):
    assert mixed.table is None
    assert [latency(design) for design in mixed.designs] == [4, 2, 3]
    assert latency(mixed) == 5
    assert mixed.rom_bits == sum(design.rom_bits for design in mixed.designs)


# -- the files -----------------------------------------------------------------------------------------------


@st.composite
def banks(draw, tables):
    """Members of random formats of one width, some of them twice; ``tables``: each with a word for every code."""
    kinds = [(draw(st.integers(4, 6)), draw(st.booleans())) for _ in range(2)]
    inputs, outputs = (formats(*kind) for kind in kinds)
    members = []
    for _ in range(draw(st.integers(2, 4))):
        if members and draw(st.integers(0, 3)) == 0:
            members.append(draw(st.sampled_from(members)))
        elif tables:
            members.append(draw(plain(inputs, outputs)))
        else:
            members.append(draw(designs(inputs, outputs)))
    return of(*members)


@st.composite
def plain(draw, inputs, outputs):
    """A table of all codes, most often of words about as wide as the output."""
    made = Spec("gelu", draw(inputs), draw(outputs), ANY)
    values = st.integers(made.output.code_min, made.output.code_max)
    depth = 1 << made.input.bits
    column = draw(
        coefficients(depth, 4)
        | st.builds(
            lambda drawn: Coefficient(tuple(drawn), made.output.bits, made.output.signed),
            st.lists(values, min_size=depth, max_size=depth),
        )
    )
    if len(set(column.values)) == 1:
        column = replace(column, values=(column.stored[0], *[column.stored[1]] * (depth - 1)))
    first = draw(st.sampled_from([0, made.input.code_min]))
    return Design(made, "table", "none", (Term(Uniform(0), (column,)),), bias=draw(st.integers(-3, 3)), first=first)


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("tables", [True, False])
def test_any_bank_is_emitted_bit_for_bit(tables, tmp_path_factory):
    seen = set()

    @settings(max_examples=6, phases=[Phase.generate])  # to shrink a failure takes minutes of gcc and Icarus
    @given(some=banks(tables), pipeline=st.sampled_from([None, 0, 1]), lanes=st.sampled_from([1, 2, 8]))
    def holds(some, pipeline, lanes):
        folder = tmp_path_factory.mktemp("any")
        write(folder, emit(some, Target("any_bank", pipeline, lanes)))
        compiled = sweep_c("gcc", "gcc", ["-O1", *SANITIZER], folder, "any_bank", some)
        for verdict in (compiled, run_own_bench("Icarus", folder, "any_bank", some)):
            assert (verdict.status, verdict.checked) == ("pass", verdict.codes), verdict
        seen.add(("table" if some.table else len(some.cores), len(some.designs)))

    holds()
    tally(f"banks of {'tables' if tables else 'any designs'}: {len(seen)} kinds")
    assert any(kind == "table" for kind, _ in seen) == tables
    assert any(kind != "table" and kind > 1 for kind, _ in seen)
    assert any(kind != "table" and kind < members for kind, members in seen)


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("name", ["merged", "mixed"])
def test_every_tool_agrees(name, request, tmp_path):
    unit = request.getfixturevalue(name)
    write(tmp_path, emit(unit, Target(name)))
    verdicts = [*check_c(tmp_path, name, unit), *check_icarus(tmp_path, name, unit)]
    assert {(each.status, each.checked, each.mismatches) for each in verdicts} == {("pass", 256, 0)}, verdicts


@pytest.mark.needs("icarus")
def test_tables_of_cores_are_read_from_files_that_the_bank_names(tmp_path):
    words = [tuple((start + 7 * at) % 61 + 1 for at in range(5000)) for start in (0, 3)]
    made = Spec("gelu", "q3.9", "q3.4", ANY)
    cores = [Design(made, "table", "none", (Term(Uniform(0), (Coefficient(each, 6, False),)),)) for each in words]
    files = emit(of(*cores), Target("big"))
    assert 'parameter M0_MEM_FILE = "big_m0.mem", // as seen from where the tool runs' in files["big.v"]
    assert 'parameter M1_MEM_FILE = "big_m1.mem" // as seen' in files["big.v"]
    write(tmp_path, files)
    verdict = run_own_bench("Icarus", tmp_path, "big", of(*cores))
    assert (verdict.status, verdict.checked) == ("pass", 2 << 13), verdict
    assert not lint(tmp_path, "big")


TARGETS = {
    "combinational": Target("acts", pipeline=0),
    "one register": Target("acts", pipeline=1),
    "two registers": Target("acts", pipeline=2),
    "as deep as it goes": Target("acts", pipeline=9),
    "lanes": Target("acts", lanes=4),
    "stream": Target("acts", stream=True, lanes=2),
    "block": Target("acts", rom="block", pipeline=1),
    "logic": Target("acts", rom="logic"),
}


@pytest.mark.needs("icarus")
@pytest.mark.parametrize("name", ["merged", "mixed"])
@pytest.mark.parametrize("how", TARGETS)
def test_a_bank_is_written_down_as_asked(name, how, request, tmp_path):
    unit, target = request.getfixturevalue(name), TARGETS[how]
    if unit.table and how == "as deep as it goes":
        target = Target("acts", pipeline=2)
    assert latency(unit, target) == (latency(unit) if target.pipeline is None else target.pipeline)
    files = emit(unit, target)
    write(tmp_path, files)
    verdict = run_own_bench("Icarus", tmp_path, "acts", unit)
    assert (verdict.status, verdict.checked) == ("pass", 256), verdict
    assert lint(tmp_path, "acts") == ""
    assert ("clk" in files["acts.v"]) == (how != "combinational")
    assert ("rom_style" in "".join(files.values())) == (how in ("block", "logic"))


@pytest.mark.needs("icarus")
@pytest.mark.parametrize("how", ["combinational", "stream"])
def test_lanes_share_one_select_and_the_pipeline_stands_still(how, mixed, tmp_path):
    target = replace(TARGETS[how], lanes=2)
    write(tmp_path, emit(mixed, target))
    verdicts = check_icarus(tmp_path, "acts", mixed, target)
    assert len(verdicts) == (2 if how == "combinational" else 3)
    assert {(each.status, each.checked, each.mismatches) for each in verdicts} == {("pass", 256, 0)}, verdicts


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("pipeline = 64", "pipeline 64 is not possible: this bank takes 0 (combinational) to 9 registers"),
        ("writable = true", "writable is asked for a bank, whose tables are fixed: take one design"),
        ("lanes = 3", "lanes 3 is not possible for a bank: its lanes share one select"),
        ('pipeline = 0\nrom = "block"', "rom block is not possible with pipeline 0"),
        ('rom = "fast"', "rom 'fast' is not known"),
    ],
)
def test_what_a_bank_cannot_be_is_one_sentence_and_exit_code_2(written, sentence, mixed, tmp_path, capsys):
    path = tmp_path / "layers.toml"
    path.write_text(f"[defaults]\n{written}\n" + to_toml({"acts": mixed.spec}))
    assert main(["generate", str(path), "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_block_ram_for_no_word_is_refused():
    relu = [spec("relu", form, form, architecture="residual-table") for form in ("q2.3", "int6:scale=1,zero_point=3")]
    nothing = build(BankSpec({"a": relu[0], "b": relu[1]}))
    assert nothing.rom_bits == 0
    with pytest.raises(GelugenError, match="rom block is asked for, and this bank stores no word"):
        emit(nothing, Target("acts", rom="block"))


def lint(folder, name):
    """What Icarus says of the modules, and Verilator if it is there."""
    runs = [(["iverilog", "-g2001", "-Wall", "-o", "/dev/null"], {})]
    if found := verilator():
        runs.append(([*found[0], "--lint-only", "-Wall", "--quiet", "--top-module", name], found[1]))
    sources, says = modules(folder, name), ""
    for words, more in runs:
        done = subprocess.run(
            [*words, *sources],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", **more},
            capture_output=True,
            text=True,
            check=False,
        )
        says += done.stdout + done.stderr
    return says


@pytest.mark.needs("icarus")
@pytest.mark.parametrize("members", [2, 3, 4])
@pytest.mark.parametrize("kind", ["tables", "cores", "one"])
def test_no_linter_warns(kind, members, tmp_path):
    tables = [table([(number + 5 * at) % 31 - 9 for at in range(64)]) for number in range(members)]
    if kind == "cores":
        tables[0] = Design(
            spec(guarantee=ANY), "table", "residual", (Term(Breakpoints((0, 5, 9)), (Coefficient((1, 2), 2, False),)),)
        )
    elif kind == "one":
        tables = tables[:1] * members
    unit = of(*tables)
    assert (unit.table is not None, len(unit.cores)) == (kind == "tables", 1 if kind == "one" else members)
    write(tmp_path, emit(unit, Target("linted")))
    assert lint(tmp_path, "linted") == ""
    verdict = run_own_bench("Icarus", tmp_path, "linted", unit)
    assert (verdict.status, verdict.checked) == ("pass", 64 << unit.select.bits), verdict


def test_a_bank_regenerates_to_the_byte(mixed):
    assert emit(mixed, Target("twice")) == emit(build(mixed.spec), Target("twice"))


def test_the_header_says_what_each_select_means_and_each_scale(mixed):
    header = emit(mixed, Target("acts"))["acts.h"]
    for line in (
        "#define acts_SELECT_plain 1",
        "#define acts_INPUT_SCALE_poly 0.125",
        "#define acts_OUTPUT_SCALE_plain 0.03125",
        "#define acts_OUTPUT_ZERO_POINT_even 0",
        " * select 1   plain, tanh(x)",
        " * past that  as even",
        "static inline int8_t acts(uint8_t select, int8_t x)",
        "static inline void acts_n(uint8_t select, const int8_t *in, int8_t *out, size_t n)",
    ):
        assert line in header
    assert (
        "#define acts_INPUT_ZERO_POINT_b (-3)"
        in emit(bank(a=spec(input="int5:scale=0.25"), b=spec(input=SMALL)), Target("acts"))["acts.h"]
    )


@pytest.mark.needs("cc")
def test_c_takes_any_select(mixed, tmp_path):
    write(tmp_path, emit(mixed, Target("acts")))
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "acts.h"\n'
        "int main(void) { for (int s = 0; s < 256; s++) { int8_t in = 21, out = 0; acts_n((uint8_t)s, &in, &out, 1);\n"
        'printf("%d %d\\n", acts((uint8_t)s, 21), out); } return 0; }\n'
    )
    subprocess.run(["gcc", "-std=c99", *SANITIZER, "main.c", "-o", "main"], cwd=tmp_path, check=True)
    told = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout.split("\n")[:-1]
    wanted = [int(mixed.eval(min(number, 2), 21)) for number in range(256)]
    assert len(set(wanted)) == 3
    assert told == [f"{each} {each}" for each in wanted]


# -- the checks are checked ----------------------------------------------------------------------------------


@pytest.mark.needs("icarus")
def test_a_flipped_bit_of_the_one_table_is_one_code_of_each_select_that_reads_it(merged, tmp_path):
    files = emit(merged, Target("flip"))
    word = f"7'd70: word_1 <= 6'h{int(merged.table.eval([70])[0]) & 63:02x};"
    assert word in files["flip_rom.v"]
    broken = files["flip_rom.v"].replace(word, f"7'd70: word_1 <= 6'h{int(merged.table.eval([70])[0]) & 63 ^ 4:02x};")
    write(tmp_path, {**files, "flip_rom.v": broken})
    verdict = run_own_bench("Icarus", tmp_path, "flip", merged)
    right = int(merged.eval(1, 6))
    assert (verdict.status, verdict.mismatches, verdict.first_mismatch) == ("fail", 1, ((1, 6), right, right ^ 4))


@pytest.mark.needs("cc", "icarus")
def test_a_changed_word_of_a_core_is_as_many_codes_as_numpy_counts(mixed, tmp_path):
    design = mixed.designs[2]
    (column,) = design.terms[0].coefficients
    values = (*column.values[:3], column.values[3] ^ 1, *column.values[4:])
    changed = replace(design, terms=(replace(design.terms[0], coefficients=(replace(column, values=values),)),))
    other = Bank(mixed.spec, (*mixed.designs[:2], changed))
    files = emit_unchecked(other, "flip")
    write(tmp_path, files)
    wrong = int((mixed.eval(*mixed.stimulus()) != other.eval(*mixed.stimulus())).sum())
    assert wrong == 2 * 2  # a word serves two codes, one on each side, and two selects read it
    expected = emit(mixed, Target("flip"))["flip_expected.mem"]
    (tmp_path / "flip_expected.mem").write_text(expected)
    for verdict in (
        sweep_c("gcc", "gcc", ["-O1"], tmp_path, "flip", mixed),
        run_own_bench("Icarus", tmp_path, "flip", mixed),
    ):
        assert (verdict.status, verdict.mismatches) == ("fail", wrong)


def emit_unchecked(unit, name):
    """The files of a bank whose guarantee nobody asks for."""
    loose = tuple(replace(each, spec=Spec(**{**each.spec.fields(), "guarantee": ANY})) for each in unit.designs)
    members = dict(zip(unit.spec.names, (each.spec for each in loose), strict=True))
    return emit(Bank(BankSpec(members), loose), Target(name))


CHANGES = {
    "the select of a clock before": ("mixed", "v", "case (select_4)", "case (select_3)"),
    "the select of this clock": ("mixed", "v", "case (select_4)", "case (in_select)"),
    "a member too early": ("mixed", "v", "m1_4 <= m1_3;", "m1_4 <= m1_2;"),
    "the last member too early": ("mixed", "v", "default: out <= m2_4;", "default: out <= m2_3;"),
    "two members exchanged": ("mixed", "v", "2'd1: out <= m1_4;", "2'd2: out <= m1_4;"),
    "another member past the last": (
        "mixed",
        "v",
        "default: out",
        "2'd2: out <= m2_4; default: out <= m0_4; 2'd1: out",
    ),
    "valid a clock early": ("mixed", "v", "out_valid = valid[LATENCY-1]", "out_valid = valid[LATENCY-2]"),
    "number and code exchanged": ("merged", "v", "{number, in_data}", "{in_data, number}"),
    "the other table": ("merged", "v", "2'd1: number = 1'd1;", "2'd1: number = 1'd0;"),
    "another table past the last": (
        "merged",
        "v",
        "default: number = 1'd0;",
        "2'd3: number = 1'd1; default: number = 0;",
    ),
    "another case": ("mixed", "h", "case 1:\n        return", "case 5:\n        return"),
    "another default": (
        "mixed",
        "h",
        "    default:\n        return mixed_impl_m2(x);",
        "        return mixed_impl_m2(x);\n    default:\n        return mixed_impl_m1(x);",
    ),
    "another function": ("mixed", "h", "out[i] = mixed_impl_m1(in[i]);", "out[i] = mixed_impl_m0(in[i]);"),
    "no break": ("mixed", "h", "        break;\n    case 1:", "    case 1:"),
}


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_broken_on_purpose_is_found(change, request, tmp_path):
    name, suffix, old, new = CHANGES[change]
    unit = request.getfixturevalue(name)
    files = emit(unit, Target(name))
    assert files[f"{name}.{suffix}"].count(old) >= 1
    write(tmp_path, {**files, f"{name}.{suffix}": files[f"{name}.{suffix}"].replace(old, new)})
    if suffix == "h":
        verdict = sweep_c("gcc", "gcc", ["-O1"], tmp_path, name, unit)
    else:
        verdict = run_own_bench("Icarus", tmp_path, name, unit)
    assert verdict.status == "fail"
    assert verdict.mismatches > 0 or "fallthrough" in verdict.note or "fall through" in verdict.note, verdict


# -- the request ---------------------------------------------------------------------------------------------

GELU = '[[bank.acts]]\nname = "a"\nfunction = "gelu"\ninput = "q2.3"\noutput = "q2.3"\narchitecture = "table"\n'
TANH = '[[bank.acts]]\nname = "b"\nfunction = "tanh"\ninput = "q2.3"\noutput = "q0.5"\narchitecture = "table"\n'


def asked(text):
    ((request, target),) = from_toml(text, "layers.toml")
    return request, target


def test_the_members_are_counted_in_the_order_of_their_tables():
    request, target = asked(GELU + TANH)
    assert (target.name, request.names) == ("acts", ("a", "b"))
    assert [each.function for each in request.specs] == ["gelu", "tanh"]
    assert asked(TANH + GELU)[0].names == ("b", "a")


def test_toml_gives_the_request_back():
    request, _ = asked(GELU + TANH)
    assert asked(to_toml({"acts": request})) == (request, Target("acts"))
    assert list(BankSpec.from_tables(request.tables()).members) == ["a", "b"]


def test_members_take_the_defaults_that_they_do_not_give_themselves():
    text = '[defaults]\nguarantee = "ulp:2"\nties = "away"\n' + GELU + TANH + 'guarantee = "faithful"\n'
    request, _ = asked(text)
    assert [str(each.guarantee) for each in request.specs] == ["ulp:2", "faithful"]
    assert {each.ties for each in request.specs} == {"away"}
    assert request.aim == "ulp:2, faithful"


def test_the_order_of_the_members_is_part_of_the_hash():
    one, two = BankSpec({"a": spec(), "b": spec("tanh")}), BankSpec({"b": spec("tanh"), "a": spec()})
    assert one.default_name() != two.default_name()
    assert one.default_name().startswith("bank_gelu_tanh_")
    hashes = {json.loads(emit(build(each), Target("acts"))[MANIFEST])["spec_sha256"] for each in (one, two)}
    assert len(hashes) == 2


GATED = '[[bank.acts]]\nname = "b"\nfunction = "geglu"\ninput = "q2.3"\noutput = "q2.3"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GELU, "[[bank.acts]]: a bank of 1 member is none: it must have 2 to 256"),
        (GELU + GELU, "[[bank.acts]]: member name a is there twice: give each member its own"),
        (GELU + GELU.replace('"a"', '"A"'), "member name A differs from a by capitals alone"),
        (GELU + TANH.replace('"b"', '"b-1"'), "member name 'b-1' is no part of an identifier"),
        (GELU + TANH.replace('"b"', "3"), "member name 3 is no part of an identifier"),
        (GELU + TANH.replace('name = "b"\n', ""), "member 1 has no name: give each member of a bank one, name = ..."),
        (
            GELU + TANH.replace('input = "q2.3"', 'input = "q3.4"'),
            "members a and b have inputs of int6 and int8: all members of a bank must have one width and signedness",
        ),
        (GELU + TANH.replace('"q0.5"', '"uq0.6"'), "members a and b have outputs of int6 and uint6"),
        (GELU + TANH + 'scale = "fit"\n', "member b: key 'scale' is not known in a design"),
        (GELU + TANH + 'guarantee = "best"\n', "member b: guarantee 'best' is not known"),
        (GELU + GATED, "function 'geglu' multiplies two inputs"),
        ("[bank.acts]\nmembers = ['a']\n", "[[bank.acts]]: a bank must be tables, one for each member"),
        ("[bank]\n", "layers.toml holds no bank: write one table [[bank.NAME]] for each member"),
        ("bank = 3\n", "layers.toml holds no bank: write one table [[bank.NAME]] for each member"),
        (GELU + TANH + "[banks.x]\n", "members of banks [[bank.NAME]]"),
    ],
)
def test_a_bank_that_cannot_be_is_one_sentence_and_exit_code_2(text, sentence, tmp_path, capsys):
    with pytest.raises(GelugenError) as refusal:
        asked(text)
    assert sentence in str(refusal.value)
    (tmp_path / "layers.toml").write_text(text)
    assert main(["generate", str(tmp_path / "layers.toml"), "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_more_members_than_8_bits_of_select_are_refused():
    with pytest.raises(GelugenError, match="a bank of 257 members is none: it must have 2 to 256"):
        BankSpec({f"m{number}": spec() for number in range(257)})


def test_a_member_that_is_no_spec_is_refused(mixed):
    with pytest.raises(GelugenError, match="member b must be a Spec, not Design"):
        BankSpec({"a": spec(), "b": mixed.designs[0]})


def test_a_guarantee_that_cannot_be_kept_names_the_member():
    with pytest.raises(GelugenError, match="member b: architecture residual-table needs an input scale"):
        bank(a=spec(), b=spec("gelu", "int6:scale=0.3", "int6:scale=0.07", architecture="residual-table"))


def test_two_functions_of_the_users_own_are_refused():
    from gelugen import ball_function

    for name in ("bank_own:one", "bank_own:two"):
        ball_function(lambda x: x / 2, name=name)
    with pytest.raises(GelugenError, match="bank_own:one and bank_own:two cannot be made by one command"):
        BankSpec({"a": spec("bank_own:one"), "b": spec("bank_own:two")})
    request = BankSpec({"a": spec("bank_own:one"), "b": spec()})
    assert command(request, Target("own")) == "gelugen generate own.toml --function bank_own:one"


@pytest.mark.parametrize("other", ["acts_tb", "acts_axis", "acts_m0", "acts_rom", "Acts"])
def test_names_that_the_bank_needs_are_not_given_away(other, tmp_path, capsys):
    design = f'[design.{other}]\nfunction = "gelu"\ninput = "q2.3"\noutput = "q2.3"\n'
    (tmp_path / "layers.toml").write_text(GELU + TANH + design)
    assert main(["generate", str(tmp_path / "layers.toml"), "-o", str(tmp_path / "out")]) == 2
    assert f"design {other} is asked for beside acts" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["select", "data"])
def test_the_name_of_an_argument_is_refused(name, merged):
    with pytest.raises(GelugenError, match="is taken by an input of its own"):
        emit(merged, Target(name))


# -- the folder ----------------------------------------------------------------------------------------------


@pytest.mark.needs("cc", "icarus")
def test_the_command_makes_verifies_and_shows_a_bank(tmp_path, capsys):
    (tmp_path / "layers.toml").write_text(GELU + TANH)
    assert main(["generate", str(tmp_path / "layers.toml"), "-o", str(tmp_path / "out"), "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)
    assert (made["name"], made["architecture"], made["rom_bits"]) == ("acts", "table", 128 * 6)
    folder = str(tmp_path / "out" / "acts")
    assert main(["verify", folder, "--with", "icarus"]) == 0
    assert "guarantee correct" in capsys.readouterr().out
    assert main(["show", folder]) == 0
    said = capsys.readouterr().out
    assert "select 1           b: tanh, correct" in said
    assert "one table in place of 2" in said
    assert main(["show", folder, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in data["members"]] == ["a", "b"]
    assert [each["function"] for each in data["members"]] == ["gelu", "tanh"]
    assert data["one_table"] is True


def test_the_folders_own_toml_makes_the_same_bytes(tmp_path, capsys):
    written = 'ties = "away"\npipeline = 2\nlanes = 2\nstream = true\nmemory = ["hex"]\n'
    (tmp_path / "layers.toml").write_text(f"[defaults]\n{written}{GELU}{TANH}")
    assert main(["generate", str(tmp_path / "layers.toml"), "-o", str(tmp_path / "one")]) == 0
    first = tmp_path / "one" / "acts"
    words = json.loads((first / MANIFEST).read_text())["command"].split()
    assert words == ["gelugen", "generate", "acts.toml"]
    assert main([words[1], str(first / words[2]), "-o", str(tmp_path / "two")]) == 0
    capsys.readouterr()
    second = tmp_path / "two" / "acts"
    assert read(second).target == Target("acts", pipeline=2, lanes=2, stream=True, memory=("hex",))
    assert {each.name: each.read_bytes() for each in first.iterdir()} == {
        each.name: each.read_bytes() for each in second.iterdir()
    }


def test_a_picture_shows_the_members_side_by_side(merged, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    generate(merged.spec, tmp_path, Target("acts"))
    assert main(["show", str(tmp_path / "acts"), "--plot", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    width, height = np.frombuffer((tmp_path / "a.png").read_bytes()[16:24], dtype=">u4")
    assert width > 2 * height
    many = BankSpec({f"m{number}": spec() for number in range(9)})
    generate(many, tmp_path, Target("many"))
    capsys.readouterr()
    assert main(["show", str(tmp_path / "many"), "--plot", str(tmp_path / "b.png")]) == 2
    assert "many has 9 members: --plot draws banks of 8 at most" in capsys.readouterr().err


def test_a_folder_gives_the_bank_back(mixed, tmp_path):
    generate(mixed.spec, tmp_path, Target("acts"))
    assert load(tmp_path / "acts") == mixed
    assert from_json("bank", json.loads(json.dumps(mixed.to_json()))) == mixed
    manifest = read(tmp_path / "acts").manifest
    assert manifest["accuracy"]["members"].keys() == manifest["search"].keys() == set(mixed.spec.names)
    assert manifest["formats"]["in_select"] == {"bits": 2, "signed": False}
    assert manifest["latency"] == latency(mixed) == 5


@pytest.mark.parametrize(
    "data",
    [{}, {"members": 3}, {"members": [3]}, {"members": [{"name": "a"}]}, {"members": [], "more": 1}],
    ids=str,
)
def test_a_malformed_bank_in_a_manifest_is_refused(data):
    with pytest.raises(GelugenError, match=r"malformed|2 to 256"):
        from_json("bank", data)


def test_members_of_other_designs_are_refused(mixed):
    with pytest.raises(GelugenError, match="must be those of its members, in their order"):
        Bank(mixed.spec, mixed.designs[::-1])


def test_the_errors_are_those_of_the_members(mixed):
    from gelugen import accuracy

    assert measure(mixed).members == {name: accuracy.measure(design) for name, design in mixed.members.items()}
    assert check(mixed) == measure(mixed)


def broken(mixed):
    """A bank whose second member breaks its guarantee at one code."""
    (column,) = mixed.designs[1].terms[0].coefficients
    changed = replace(column, values=(column.values[0] ^ 1, *column.values[1:]))
    design = replace(mixed.designs[1], terms=(replace(mixed.designs[1].terms[0], coefficients=(changed,)),))
    return Bank(mixed.spec, (mixed.designs[0], design, mixed.designs[2]))


def test_a_broken_guarantee_names_the_member(mixed):
    with pytest.raises(GelugenError, match="member plain: the design breaks its guarantee correct at 1 codes"):
        emit(broken(mixed), Target("acts"))


def test_verify_finds_the_member_that_breaks_its_guarantee(mixed, tmp_path):
    generate(mixed.spec, tmp_path, Target("acts"))
    bundle = read(tmp_path / "acts")
    assert check_guarantee(bundle).status == "pass"
    verdict = check_guarantee(replace(bundle, design=broken(mixed)))
    right = int(mixed.eval(1, 0))
    assert (verdict.status, verdict.mismatches) == ("fail", 1)
    assert verdict.first_mismatch == ((1, 0), right, int(broken(mixed).eval(1, 0)))
    assert verdict.note == "these codes break correct"


def test_what_a_manifest_says_wrongly_of_a_member_is_found(merged, tmp_path):
    generate(merged.spec, tmp_path, Target("acts"))
    path = tmp_path / "acts" / MANIFEST
    data = json.loads(path.read_text())
    data["accuracy"]["members"]["second"]["max_ulp"] = 0.25
    data["manifest_sha256"] = digest(data)
    path.write_text(dump(data))
    verdict = check_guarantee(read(tmp_path / "acts"))
    assert (verdict.status, verdict.note) == ("fail", "the manifest's accuracy is not that of its design")


@pytest.mark.parametrize(("name", "file"), [("merged", "acts_rom.v"), ("mixed", "acts_m2.v"), ("mixed", "acts.toml")])
def test_a_manifest_without_a_module_is_incomplete(name, file, request, tmp_path):
    unit = request.getfixturevalue(name)
    generate(unit.spec, tmp_path, Target("acts"))
    bundle = read(tmp_path / "acts")
    files = {each: text for each, text in bundle.manifest["files"].items() if each != file}
    assert len(files) == len(bundle.manifest["files"]) - 1
    verdict = check_guarantee(replace(bundle, manifest={**bundle.manifest, "files": files}))
    assert (verdict.status, verdict.note) == ("fail", f"the manifest does not name {file}")


def test_what_is_degenerate_in_a_member_is_said():
    request = BankSpec({"a": spec(), "coarse": spec("gelu", "q2.3", "int6:scale=100")})
    (said,) = warnings(request)
    assert said.startswith("member coarse: ")


def test_a_bank_is_no_activation_of_a_model(merged):
    torch = pytest.importorskip("torch")
    del torch
    from gelugen.pytorch.module import as_design

    with pytest.raises(GelugenError, match="a bank has several: give the design of a member"):
        as_design(merged)
