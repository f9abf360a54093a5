"""Kernels in C: the designs that have them, what they compute on every path, and in how many instructions."""

import dataclasses
import random
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gelugen.bank import Bank
from gelugen.bank_spec import BankSpec
from gelugen.cores import array_function, count, near
from gelugen.design import Coefficient, Design, Dyadic, Term, Uniform
from gelugen.emit import c
from gelugen.emit.c.kernels import Bytes, Halves, Lines, Narrow, Wide
from gelugen.emit.c.recognition import kernel_of
from gelugen.emit.contract import Contract
from gelugen.spec import Spec, Target
from gelugen.verify.bare_metal import sweep_core
from gelugen.verify.c import STRICT, sweep_c
from gelugen.verify.cppcheck import check_cppcheck

ARM = pytest.mark.needs("arm-gcc", "qemu-arm")
RISCV = pytest.mark.needs("riscv-gcc", "qemu-riscv")
CC = pytest.mark.needs("cc")
UBSAN = ["-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
SPEC = Spec("gelu", "q3.8", "q3.12", "ulp:65535")
"""12 bits in, so that sweeps are short, and 16 bits out."""


def column(values, drop=0):
    """A column as wide as its values ask for."""
    stored = [value >> drop for value in values]
    assert [value << drop for value in stored] == list(values)
    width = max(max(value, -1 - value).bit_length() + 1 for value in stored)
    return Coefficient(tuple(stored), width, True, drop)


def draw(seed, low, high, many):
    return [random.Random(seed + i).randint(low, high) for i in range(many)]  # noqa: S311 - test data


# -- designs of each form, which approximate nothing -------------------------------------------------------------


def wide(c2=(-0x4000, 0x3FFF), c1=(-0x2000, 0x1FFF), spec=SPEC, dx_bits=8, shift=11, seed=1):
    depth = 1 << spec.input.bits - dx_bits
    columns = (
        column(draw(seed, -(1 << 22), 1 << 22, depth)),
        column([each << 16 for each in draw(seed + 99, *c1, depth)], 16),
        column(draw(seed + 999, *c2, depth)),
    )
    term = Term(Uniform(dx_bits, 1 << spec.input.bits - 1), columns, (0, 16), leak=1)
    return Design(spec, "table", "none", (term,), shift=shift, bias=77, first=spec.input.code_min)


def narrow(spec=SPEC, dx_bits=8, step=12, shift=16, seed=2):
    depth = 1 << spec.input.bits - dx_bits
    columns = (
        column(draw(seed, -(1 << 28), 1 << 28, depth)),
        column([each << 16 - step for each in draw(seed + 99, -0x7000, 0x7000, depth)], 16 - step),
        column(draw(seed + 999, -0x7FFF, 0x7FFF, depth)),
    )
    term = Term(Uniform(dx_bits, 1 << spec.input.bits - 1), columns, (step, 0), leak=-1)
    return Design(spec, "table", "none", (term,), shift=shift, bias=-5, first=spec.input.code_min)


def lines(spec=SPEC, dx_bits=6, depth=20, seed=3):
    c0, c1 = draw(seed, -9000, 9000, depth), draw(seed + 99, -0x8000, 0x7FFF, depth)
    if spec.input.bits == 16:  # r is not negative, as y = 32767 - r is a code; the last row serves 32767 and 32768
        c0, c1 = [*map(abs, c0[:-1]), 0], [each & 0x7FFF for each in c1[:-1]] + [0]
    return Design(spec, "table", "residual", (Term(Uniform(dx_bits, 0), (column(c0), column(c1)), (16,)),))


def halves(spec=SPEC, seed=4):
    """From the last segment down, each as high where it ends as the next one begins."""
    leaves = (7,) * 8 + (8,) * 4
    segment_map = Dyadic(leaves, 0)
    rows = [(0, 0, 0)]
    for number in reversed(range(11)):
        end = segment_map.starts[number + 1]
        (slope,), (curve,) = draw(seed + number, -0x3000, -0x1000, 1), draw(seed + 50 + number, -0x200, 0x200, 1)

        def product(u, slope=slope, curve=curve):
            return (curve * (u + 1) + (slope << 16)) * u >> 16

        after = rows[0][0] + ((rows[0][2] * (end + 1) + rows[0][1]) * end >> 16)
        rows.insert(0, (after - product(end), slope << 16, curve))
    c0, c1, c2 = zip(*rows, strict=True)
    term = Term(segment_map, (column(c0), column(c1, 16), column(c2)), (0, 16), leak=1)
    return Design(spec, "table", "residual", (term,), shift=12)


def bytes_():
    """A table of output codes, less a bias, that lacks the last word, and one code that saturates."""
    spec = Spec("gelu", "int8:scale=0.05,zero_point=3", "uint8:scale=0.04,zero_point=7", "ulp:255")
    values = [*draw(5, 0, 200, 254), 255]
    return Design(spec, "table", "none", (Term(Uniform(0), (Coefficient(tuple(values), 8, False),)),), bias=55)


SIXTEEN = Spec("gelu", "q3.12", "q2.13", "ulp:65535")
FORMS = {
    "wide": (wide(), Wide),
    "wide, bytes out": (wide(spec=Spec("gelu", "q3.8", "q3.4", "ulp:255"), shift=20), Wide),
    "narrow": (narrow(), Narrow),
    "narrow, bytes": (narrow(Spec("gelu", "q3.4", "q3.12", "ulp:65535"), 5), Narrow),
    "lines": (lines(), Lines),
    "lines, 16 bits": (lines(SIXTEEN, 8, 128), Lines),
    "halves": (halves(), Halves),
    "bytes": (bytes_(), Bytes),
}
EACH = pytest.mark.parametrize("form", FORMS)


def write(folder, design, change=("", ""), ahead="", name="some"):
    """A design's C files, and what is changed in its header."""
    target = Target(name)
    for file, text in c.files(design, target, Contract.of(design, target, None)).items():
        assert change[0] in text
        (folder / file).write_text(ahead + text.replace(*change))
    return folder


def summary(verdict):
    return verdict.status, verdict.checked, verdict.mismatches, verdict.note


def passes(design):
    return "pass", 1 << design.spec.input.bits, 0, ""


# -- which designs have a kernel ---------------------------------------------------------------------------------


@EACH
def test_each_form_has_its_kernel(form):
    design, kernel = FORMS[form]
    assert type(kernel_of(design, "some")) is kernel


def altered(design, **how):
    """The same design with other fields of its term or its own."""
    mine = {key: how.pop(key) for key in list(how) if key in {each.name for each in dataclasses.fields(Design)}}
    return dataclasses.replace(design, terms=(dataclasses.replace(design.terms[0], **how),), **mine)


@pytest.mark.parametrize(
    "design",
    [
        altered(wide(), leak=0),
        altered(wide(), shifts=(0, 15)),
        altered(wide(), shifts=(1, 16)),
        altered(narrow(), leak=0),
        altered(narrow(), shifts=(12, 1), shift=15),
        altered(wide(), map=Uniform(8), leak=0),
        altered(wide(), first=0),
        altered(wide(), shift=8),  # saturates
        altered(lines(), shifts=(15,)),
        altered(lines(), offset=3),
        altered(lines(), bias=30000),  # c_0 leaves 16 bits
        altered(halves(), leak=0),
        altered(halves(), map=Dyadic((8,) * 4 + (7,) * 8, 0)),
        altered(halves(), bias=-(1 << 20)),  # the sum is negative somewhere
        altered(
            bytes_(), bias=55, spec=Spec("gelu", "int8:scale=1,zero_point=3", "int9:scale=1,zero_point=0", "ulp:999")
        ),
    ],
    ids=range(15),
)
def test_designs_a_step_beside_a_form_keep_the_usual_text(design):
    assert kernel_of(design, "some") is None


def test_parabolas_of_two_widths_must_agree_where_the_kernel_changes_late():
    design = halves()
    c0, *others = design.terms[0].coefficients
    values = [value + (1 << 13) * (row == 9) for row, value in enumerate(c0.values)]
    other = altered(design, coefficients=(column(values), *others))
    assert kernel_of(other, "some") is None


@CC
@pytest.mark.parametrize("c1", [0x7FFF, -0x8000])
def test_a_slope_that_leaves_32_bits_keeps_the_usual_text(tmp_path, c1):
    fits = wide((0, 0), (c1, c1), shift=12)
    leaves = wide((40, 40), (c1, c1), shift=12)
    assert type(kernel_of(fits, "some")) is Wide
    assert kernel_of(leaves, "some") is None
    for design in (fits, leaves):
        verdict = sweep_c("gcc", "gcc", UBSAN, write(tmp_path, design), "some", design)
        assert summary(verdict) == passes(design)


def test_a_table_of_lines_ends_with_a_row_for_all_behind():
    design = lines()
    kernel = kernel_of(design, "some")
    assert (kernel.c0.values[20:], kernel.c1.values[20:], kernel.top) == ((0,), (0,), 21 * 64 - 1)
    *_, (c0, c1) = [each.coefficients for each in design.terms]
    ended = altered(design, coefficients=(column([*c0.values[:-1], 0]), column([*c1.values[:-1], 0])))
    assert len(kernel_of(ended, "some").c0.values) == 20


# -- what the rows compute ---------------------------------------------------------------------------------------


def wrapped(value, bits):
    return (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


def computed(kernel, x):
    """One code as the processor computes it, in 32 bits."""
    values = kernel.rows.values
    if isinstance(kernel, Wide):
        word, c0 = values[2 * ((x & kernel.mask) >> kernel.dx_bits) :][:2]
        t = wrapped(wrapped(word, 16) * x + word, 32)
        return wrapped(c0 + (t * x >> 16), 32) >> kernel.shift
    word, c0 = values[kernel.middle + 2 * (x >> kernel.dx_bits) :][:2]
    t = wrapped(word - wrapped(word, 16) * x, 32) >> kernel.step
    return wrapped(c0 + t * x, 32) >> kernel.shift


@settings(max_examples=60)
@given(
    st.sampled_from([wide, narrow]),
    st.sampled_from(["q3.8", "q2.7", "q3.12"]),
    st.integers(4, 8),
    st.integers(0, 1 << 20),
)
def test_packed_rows_compute_the_design(form, inputs, dx_bits, seed):
    spec = Spec("gelu", inputs, "q3.12", "ulp:65535")
    narrower = {"c1": (-0x400, 0x3FF), "c2": (-0x80, 0x7F)} if form is wide and spec.input.bits == 16 else {}
    design = form(spec=spec, dx_bits=dx_bits, seed=seed, **narrower)
    if (kernel := kernel_of(design, "some")) is None:
        assert form is narrow
        assert spec.input.bits == 16  # steep as these are, they saturate there
        return
    low, high = spec.input.code_min, spec.input.code_max
    x = np.array([low, -1, 0, 1, high, *np.random.default_rng(seed).integers(low, high + 1, 60)])
    assert [computed(kernel, int(each)) for each in x] == design.eval(x).tolist()


# -- every path --------------------------------------------------------------------------------------------------


@CC
@EACH
def test_the_plain_path_computes_the_design(tmp_path, form):
    design = FORMS[form][0]
    assert summary(sweep_c("gcc", "gcc", UBSAN, write(tmp_path, design), "some", design)) == passes(design)


@CC
@pytest.mark.parametrize(
    ("form", "change"),
    [
        ("wide", (" >> 8;", " >> 9;")),
        ("wide", ("(int32_t)(int16_t)w", "(int32_t)(uint16_t)w")),
        ("wide", ("(t & 0xffff)", "(t & 0x7fff)")),
        ("wide", (">> 11)", ">> 10)")),
        ("narrow", ("(w - ", "(w + ")),
        ("narrow", (">> 12;", ">> 11;")),
        ("narrow", ("n &= 7u", "n &= 3u")),
        ("narrow", ("out[6] = some_impl_one(in[6]", "out[6] = some_impl_one(in[7]")),
        ("lines", ("u > 1343 ? 1343", "u > 1279 ? 1279")),
        ("lines", ("slope * u >> 16", "slope * u >> 15")),
        ("halves", ("u > 1023 ? 1023", "u > 511 ? 511")),
        ("halves", ("u = 2047", "u = 1791")),
        ("halves", ("relu - ((", "relu + ((")),
        ("bytes", ("out[15] = some(in[15])", "out[15] = some(in[14])")),
        ("bytes", ("i = n / 16u", "i = n / 32u")),
    ],
    ids=str,
)
def test_a_wrong_plain_path_is_found(tmp_path, form, change):
    design = FORMS[form][0]
    verdict = sweep_c("gcc", "gcc", ["-O1"], write(tmp_path, design, change), "some", design)
    assert verdict.status == "fail"


ROWS_OF_ZERO = """
#include <stdint.h>
#define GELUGEN_READ(type, table, i) ((type)((table)[i] * 0))
#include "some.h"

int main(void)
{
    int32_t x;

    for (x = some_INPUT_MIN; x <= some_INPUT_MAX; x++) {
        if (some((%s)x) != (%s)) {
            return 1;
        }
    }
    return 0;
}
"""


@CC
@EACH
def test_the_plain_path_reads_every_entry_by_the_macro(tmp_path, form):
    design = FORMS[form][0]
    write(tmp_path, design)
    inputs = c.container(design.spec.input)
    expected = "x > 0 ? x : 0" if design.fold == "residual" else "0"
    (tmp_path / "main.c").write_text(ROWS_OF_ZERO % (inputs, expected))
    subprocess.run(["gcc", *STRICT, "-O1", "main.c", "-o", "main"], cwd=tmp_path, check=True)
    subprocess.run(["./main"], cwd=tmp_path, check=True)


def arm(core, *flags):
    compilers = [[f"arm-none-eabi-{each}", f"-mcpu={core}", "-mthumb", *flags] for each in ("gcc", "g++")]
    return pytest.param(*compilers, marks=pytest.mark.needs("arm-gcc"), id=core)


@pytest.mark.parametrize(
    ("c_compiler", "cxx_compiler"),
    [
        pytest.param(["gcc"], ["g++"], marks=pytest.mark.needs("cc", "cxx"), id="host"),
        arm("cortex-m4"),
        arm("cortex-m55", "-mfloat-abi=hard"),
    ],
)
def test_kernels_stand_side_by_side_in_c_and_in_cxx(tmp_path, c_compiler, cxx_compiler):
    names = ["g", "g_one", "g_two", "g_row", "g_rows", "g_codes", "g_c0", "g_m0"]  # as parts of another might be called
    for name, (design, _) in zip(names, FORMS.values(), strict=True):
        write(tmp_path, design, name=name)
    includes = "".join(f'#include "{name}.h"\n' for name in (*names, *names))
    users = "".join(
        f"void use_{name}(const {inputs} *in, {outputs} *out, size_t n);\n"
        f"void use_{name}(const {inputs} *in, {outputs} *out, size_t n)\n{{\n    {name}_n(in, out, n);\n}}\n"
        for name, (design, _) in zip(names, FORMS.values(), strict=True)
        for inputs, outputs in [(c.container(design.spec.input), c.container(design.output))]
    )
    (tmp_path / "main.c").write_text(f"{includes}\n{users}")
    for compiler, language, standards in ((c_compiler, "c", ("c99", "c11")), (cxx_compiler, "c++", ("c++11",))):
        for standard in standards:
            words = [*compiler, f"-std={standard}", *STRICT, "-O1", "-x", language, "-c", "main.c", "-o", "main.o"]
            done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.needs("avr-gcc")
@EACH
def test_kernels_compile_where_an_int_has_16_bits(tmp_path, form):
    """Compiled alone: QEMU 7.2 never leaves ``__usmulhisi3_tail`` of libgcc, an SBRS before a RET."""
    write(tmp_path, FORMS[form][0])
    (tmp_path / "main.c").write_text('#include "some.h"\n')
    words = ["avr-gcc", "-mmcu=atmega2560", "-std=c99", *STRICT, "-O2", "-c", "main.c"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.needs("cppcheck")
@EACH
def test_cppcheck_finds_nothing_in_kernels(tmp_path, form):
    assert check_cppcheck(write(tmp_path, FORMS[form][0]), "some").status == "pass"


NO_ASM = "#define GELUGEN_NO_ASM\n"
PATHS = [
    pytest.param(form, core, ahead, marks=ARM, id=f"{form} on {core}{' without asm' if ahead else ''}")
    for form, core, ahead in [
        ("wide", "cortex-m4", ""),
        ("wide", "cortex-m4", NO_ASM),
        ("halves", "cortex-m4", ""),
        ("halves", "cortex-m4", NO_ASM),
        ("lines", "cortex-m55", ""),
        ("lines, 16 bits", "cortex-m55", ""),
        ("bytes", "cortex-m55", ""),
    ]
]


@pytest.mark.parametrize(("form", "core", "ahead"), PATHS)
def test_a_path_of_its_own_computes_the_design(tmp_path, form, core, ahead):
    design = FORMS[form][0]
    assert summary(sweep_core(write(tmp_path, design, ahead=ahead), "some", design, core)) == passes(design)


# -- in a bank -------------------------------------------------------------------------------------------------------


def in_a_bank():
    """A member of each form, and one that keeps the usual text."""
    members = {name: FORMS[name][0] for name in ("wide", "narrow", "lines", "halves")} | {
        "usual": altered(wide(), shift=8)
    }
    return Bank(BankSpec({name: design.spec for name, design in members.items()}), tuple(members.values()))


def of_bytes():
    table = bytes_()
    (column,) = table.terms[0].coefficients
    turned = dataclasses.replace(column, values=column.values[::-1])
    return Bank(BankSpec({"a": table.spec, "b": table.spec}), (table, altered(table, coefficients=(turned,))))


BANKS = {"forms": in_a_bank, "bytes": of_bytes}


@pytest.mark.parametrize("many", BANKS)
def test_a_bank_chooses_the_array_function_of_a_member_once_a_call(many):
    bank = BANKS[many]()
    text = c.files(bank, Target("some"), Contract.of(bank, Target("some")))["some.h"]
    body = text[text.index("static inline void some_n(") :]
    for number, design in enumerate(bank.cores):
        assert (f"        some_impl_m{number}_n(in, out, n);\n" in body) == (kernel_of(design, "a") is not None)
    assert body.count("for (i = 0;") == body.count("size_t i;") == (1 if many == "forms" else 0)
    for feature in {kernel.feature for design in bank.cores if (kernel := kernel_of(design, "a")) and kernel.feature}:
        assert text.count(f"#include <{feature.header}>") == 1


@CC
@pytest.mark.parametrize("header", ["single", "split"])
def test_kernels_in_a_bank_compute_the_members(tmp_path, header):
    for many, made in BANKS.items():
        bank = made()
        for name in ("some.h", "some.c"):
            (tmp_path / name).unlink(missing_ok=True)
        target = Target("some", header=header)
        for name, text in c.files(bank, target, Contract.of(bank, target)).items():
            (tmp_path / name).write_text(text)
        verdict = sweep_c("gcc", "gcc", UBSAN, tmp_path, "some", bank)
        assert summary(verdict) == ("pass", verdict.codes, 0, ""), many


@CC
@pytest.mark.parametrize(
    "change",
    [
        ("some_impl_m2_n(in, out, n)", "some_impl_m3_n(in, out, n)"),
        ("some_impl_m0_n(in, out, n)", "some_impl_m0_n(in, out, n - 1)"),
    ],
)
def test_a_wrong_choice_in_a_bank_is_found(tmp_path, change):
    assert sweep_c("gcc", "gcc", ["-O1"], write(tmp_path, in_a_bank(), change), "some", in_a_bank()).status == "fail"


@ARM
@pytest.mark.parametrize(("many", "core"), [("forms", "cortex-m4"), ("forms", "cortex-m55"), ("bytes", "cortex-m55")])
def test_kernels_in_a_bank_compute_the_members_on_a_core(tmp_path, many, core):
    bank = BANKS[many]()
    verdict = sweep_core(write(tmp_path, bank), "some", bank, core)
    assert summary(verdict) == ("pass", verdict.codes, 0, "")


@ARM
@pytest.mark.parametrize(
    ("form", "core", "change"),
    [
        ("wide", "cortex-m4", ("__smlabt(wq", "__smlabb(wq")),
        ("wide", "cortex-m4", ("0x00780078u", "0x00380078u")),
        ("wide", "cortex-m4", ("<< 5)", "<< 4)")),
        ("halves", "cortex-m4", ("__ssub16", "__sadd16")),
        ("halves", "cortex-m4", ("magnitudes, 10", "magnitudes, 11")),
        ("lines", "cortex-m55", ("vdupq_n_s16(1343)", "vdupq_n_s16(1279)")),
        ("lines, 16 bits", "cortex-m55", ("vqabsq_s16", "vabsq_s16")),
        ("bytes", "cortex-m55", ("n &= 15u", "n &= 7u")),
    ],
    ids=str,
)
def test_a_wrong_path_of_its_own_is_found(tmp_path, form, core, change):
    design = FORMS[form][0]
    assert sweep_core(write(tmp_path, design, change), "some", design, core).status == "fail"


@pytest.mark.slow
@EACH
@pytest.mark.parametrize(
    "core",
    [
        *(pytest.param(f"cortex-{each}", marks=ARM) for each in ("m0plus", "m3", "m7", "m33")),
        pytest.param("rv32imac", marks=RISCV),
    ],
)
def test_every_form_passes_on_other_cores(tmp_path, form, core):
    design = FORMS[form][0]
    assert summary(sweep_core(write(tmp_path, design), "some", design, core)) == passes(design)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "core", "most"),
    [
        pytest.param("wide", "cortex-m4", 6.5, marks=ARM),
        pytest.param("wide", "cortex-m7", 6.5, marks=ARM),
        pytest.param("wide", "cortex-m33", 6.5, marks=ARM),
        pytest.param("narrow", "cortex-m0plus", 15.5, marks=ARM),
        pytest.param("narrow", "rv32imac", 15.375, marks=RISCV),
        pytest.param("lines", "cortex-m55", 1.5, marks=ARM),
        pytest.param("halves", "cortex-m4", 10, marks=ARM),
        pytest.param("bytes", "cortex-m0plus", 3.25, marks=ARM),
        pytest.param("bytes", "cortex-m4", 3.25, marks=ARM),
        pytest.param("bytes", "rv32imac", 4.1875, marks=RISCV),
        pytest.param("bytes", "cortex-m55", 0.25, marks=ARM),
    ],
)
def test_kernels_take_the_instructions_that_they_are_made_for(form, core, most):
    design, _ = FORMS[form]
    target = Target("some")
    kernel = array_function(design, "some", c.files(design, target, Contract.of(design, target, None)))
    codes = tuple(each[:256] for each in near(design))
    assert count(kernel, core, codes, codes).mean <= most
