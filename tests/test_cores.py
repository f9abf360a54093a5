"""C on microcontroller cores under QEMU: right files pass, wrong ones fail, instructions are counted exactly."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from designs import designs
from hypothesis import given, settings

from gelugen import cores
from gelugen.architectures import ARCHITECTURES
from gelugen.bank_spec import BankSpec
from gelugen.cores import CORES, Kernel, array_function, count, near, sizes
from gelugen.design import Coefficient, Design, Term, Uniform
from gelugen.emit import emit
from gelugen.errors import GelugenError
from gelugen.flow import generate
from gelugen.gated_spec import GatedSpec
from gelugen.spec import Spec, Target
from gelugen.store import read
from gelugen.units import build
from gelugen.verify import TOOLS, verify
from gelugen.verify.bare_metal import check_core, sweep_core
from gelugen.verify.c import check_compilers, sweep_c
from gelugen.verify.cppcheck import check_cppcheck
from gelugen.verify.sweep import LENGTHS, PLACES, Sweep

RTL_OUT = Path(__file__).parent.parent / "rtl_out"
ARM = pytest.mark.needs("arm-gcc", "qemu-arm")
RISCV = [pytest.mark.needs("riscv-gcc", "qemu-riscv"), pytest.mark.slow]
"""Slow, as are those of AVR, for ``make test`` sets up Arm alone."""
AVR = [pytest.mark.needs("avr-gcc", "qemu-avr"), pytest.mark.slow]
NEEDS = {"rv32imac": RISCV, "avr": AVR}
EVERY = [pytest.param(name, marks=NEEDS.get(name, ARM)) for name in CORES]
QUICK = [pytest.param("cortex-m4", marks=ARM), pytest.param("rv32imac", marks=RISCV)]


def by_hand(low=(4, 10, 13, 13, 10, 9, 6, 6, 4)):
    """Correct GELU from q3.4 to q3.4 by lines, or something else with other intercepts."""
    columns = Coefficient(low, 4, False), Coefficient((1, 1, 1, 0, -1, -1, -1, 0, 0), 2, True)
    return Design(Spec("gelu", "q3.4", "q3.4", "ulp:99"), "table", "residual", (Term(Uniform(2), columns),), shift=2)


WRONG = by_hand((4, 10, 13, 5, 10, 9, 6, 6, 4))
"""One bit of one word flipped."""


def written(folder, unit, header="", name="some"):
    """A unit's files in a folder; what is added to the header stands at its end."""
    for file, text in emit(unit, Target(name)).items():
        (folder / file).write_text(text + header if file == f"{name}.h" else text)
    return folder


def instead(body):
    """A header's end that puts another array function in the place of ``some_n``."""
    opening = "static inline void some_other_n(const int8_t *in, int8_t *out, size_t n)"
    return f"\n{opening}\n{{\n{body}\n}}\n#define some_n some_other_n\n"


def summary(verdict):
    return verdict.status, verdict.checked, verdict.mismatches, verdict.note


# -- cores -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("core", QUICK)
def test_a_design_of_8_bits_passes_on_a_core(tmp_path, core):
    verdict = sweep_core(written(tmp_path, by_hand()), "some", by_hand(), core)
    assert summary(verdict) == ("pass", 256, 0, "")
    assert verdict.tool.startswith(f"{CORES[core].title}, {CORES[core].compiler} ")


@pytest.mark.parametrize("core", QUICK)
def test_a_flipped_word_is_counted_code_by_code(tmp_path, core):
    codes = by_hand().spec.input.codes()
    different = np.flatnonzero(by_hand().eval(codes) != WRONG.eval(codes))
    verdict = sweep_core(written(tmp_path, WRONG), "some", by_hand(), core)
    assert summary(verdict) == ("fail", 256, len(different), "")
    first = codes[different[0]]
    assert verdict.first_mismatch == (first, by_hand().eval([first])[0], WRONG.eval([first])[0])
    assert len(different) == 8


BESIDE = "    some_n(in, out, n);\n    out[n] = 1;"
ODD = "    some_n(in, out, n & ~(size_t)1);"
FOURS = """    size_t i;

    for (i = 0; i < n; i++) {
        out[i] = some(in[i]);
    }
    if ((uintptr_t)in % 4u == 1u && n == 24u) {
        out[23] = 0;
    }"""
NOT_IN_PLACE = """    size_t i;

    for (i = 0; i < n; i++) {
        out[i] = 0;
    }
    some_n(in, out, n);"""


@pytest.mark.parametrize(
    ("body", "checked", "note"),
    [(BESIDE, 0, "beside its output"), (ODD, 256, ""), (FOURS, 256, ""), (NOT_IN_PLACE, 256, "")],
    ids=["beside", "odd", "alignment", "in place"],
)
@pytest.mark.parametrize(
    "core", [pytest.param("host", marks=pytest.mark.needs("cc")), pytest.param("cortex-m4", marks=ARM)]
)
def test_an_array_function_that_is_wrong_somewhere_is_found(tmp_path, core, body, checked, note):
    folder = written(tmp_path, by_hand(), instead(body))
    if core == "host":
        verdict = sweep_c("gcc", "gcc", ["-O1"], folder, "some", by_hand())
    else:
        verdict = sweep_core(folder, "some", by_hand(), core)
    assert (verdict.status, verdict.checked) == ("fail", checked)
    assert note in verdict.note
    assert (verdict.mismatches > 0) == bool(checked)


@ARM
@pytest.mark.parametrize(
    ("core", "status", "note"), [("cortex-m0plus", "fail", "it met a fault"), ("cortex-m4", "pass", "")]
)
def test_a_word_where_none_may_stand_is_a_fault_on_cortex_m0(tmp_path, core, status, note):
    read = "(void)*(const volatile uint32_t *)(const void *)in;"
    body = f"    if (n >= 4u) {{\n        {read}\n    }}\n    some_n(in, out, n);"
    verdict = sweep_core(written(tmp_path, by_hand(), instead(body)), "some", by_hand(), core)
    assert (verdict.status, verdict.note) == (status, note)


@pytest.mark.slow
@pytest.mark.needs("riscv-gcc", "qemu-riscv")
def test_an_instruction_that_a_core_does_not_have_is_a_fault(tmp_path):
    body = '    __asm__ volatile(".word 0");\n    some_n(in, out, n);'
    verdict = sweep_core(written(tmp_path, by_hand(), instead(body)), "some", by_hand(), "rv32imac")
    assert summary(verdict) == ("fail", 0, 0, "it met a fault")


@ARM
def test_a_warning_of_a_cross_compiler_is_a_failure(tmp_path):
    folder = written(tmp_path, by_hand(), "\nstatic inline int8_t f(int x)\n{\n    return x;\n}\n")
    verdict = sweep_core(folder, "some", by_hand(), "cortex-m4")
    assert (verdict.status, verdict.checked) == ("fail", 0)
    assert "Werror=conversion" in verdict.note


@pytest.mark.slow
@pytest.mark.parametrize("core", EVERY)
@pytest.mark.parametrize("committed", ["gelu_q3_4_correct", "gelu_q3_12_faithful", "gelu_ffn_int8"])
def test_the_default_set_passes_on_every_core(tmp_path, core, committed):
    design = read(RTL_OUT / committed).design
    for verdict in check_core(written(tmp_path, design), "some", design, core):
        assert summary(verdict) == ("pass", 1 << design.spec.input.bits, 0, "")


@pytest.mark.slow
@pytest.mark.parametrize("core", EVERY)
def test_a_flipped_word_is_found_on_every_core(tmp_path, core):
    for verdict in check_core(written(tmp_path, WRONG), "some", by_hand(), core):
        assert summary(verdict) == ("fail", 256, 8, "")


@pytest.mark.slow
@pytest.mark.parametrize("core", EVERY)
def test_gated_units_banks_and_tables_of_their_own_pass_on_every_core(tmp_path, core):
    gelu, relu = (Spec(function, "q3.4", "q3.4") for function in ("gelu", "relu"))
    for number, spec in enumerate(
        [
            GatedSpec("geglu", input="q2.5", up="q1.6", intermediate="q2.5", output="q3.4"),
            BankSpec({"gelu": gelu, "relu": relu}),
            Spec("gelu", "q2.10", "q2.10", architecture="table"),
        ]
    ):
        unit = build(spec)
        (tmp_path / str(number)).mkdir()
        folder = written(tmp_path / str(number), unit)
        for verdict in check_core(folder, "some", unit, core):
            if core == "avr" and number != 1:  # a skipped return in the product; 16 KB of tables
                assert (verdict.status, verdict.of) == ("pass", "files")
                assert verdict.note.startswith("not run: QEMU loops" if number == 0 else "not run: program and tables")
            else:
                assert summary(verdict) == ("pass", verdict.codes, 0, "")


@pytest.mark.needs("avr-gcc", "qemu-avr")
@pytest.mark.slow
def test_a_skipped_return_is_not_run_on_avr(tmp_path):
    body = '    __asm__ volatile("rjmp 1f\\n\\tsbrs r24, 0\\n\\tret\\n1:");\n    some_n(in, out, n);'
    verdict = sweep_core(written(tmp_path, by_hand(), instead(body)), "some", by_hand(), "avr")
    assert (verdict.status, verdict.of, verdict.codes) == ("pass", "files", 1)
    assert verdict.note.startswith("not run: QEMU loops where a return is skipped")


@pytest.mark.slow
@pytest.mark.parametrize("core", QUICK)
@settings(max_examples=20)
@given(design=designs())
def test_any_point_of_the_space_passes_on_a_core(tmp_path_factory, core, design):
    folder = written(tmp_path_factory.mktemp("any"), design)
    assert summary(sweep_core(folder, "some", design, core)) == ("pass", 1 << design.spec.input.bits, 0, "")


# -- the sweep itself --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [6, 8, 16])
def test_every_length_meets_every_pair_of_places(bits):
    design = dataclasses.replace(by_hand(), spec=Spec("gelu", f"q3.{bits - 4}", f"q3.{bits - 4}", "ulp:99"))
    ((drives, size),) = Sweep.of(design).runs()
    seen, at, codes, width = set(), 0, 0, 2 if bits == 16 else 1
    while not drives[at + 3]:
        seen.add(tuple(drives[at : at + 3]))
        codes += drives[at]
        at += 4 + drives[at] * width
    assert at + 4 == len(drives)
    assert codes * width * 3 == size
    assert codes % (1 << bits) == 0
    for length in LENGTHS:
        assert sum(each[0] == length for each in seen) == PLACES * PLACES


def test_a_sweep_in_several_runs_is_the_same_sweep():
    sweep = Sweep.of(by_hand())
    ((whole, size),) = sweep.runs()
    runs = list(sweep.runs(1000))
    assert len(runs) > 8
    assert all(len(drives) <= 1000 for drives, _ in runs)
    assert b"".join(drives[:-4] for drives, _ in runs) + whole[-4:] == whole
    assert sum(part for _, part in runs) == size == sweep.size


# -- compilers, cppcheck -----------------------------------------------------------------------------------


@pytest.mark.needs("cppcheck")
def test_cppcheck_finds_nothing_in_what_is_emitted_and_something_in_what_is_wrong(tmp_path):
    verdict = check_cppcheck(written(tmp_path, by_hand()), "some")
    assert (verdict.status, verdict.checked, verdict.mismatches, verdict.of) == ("pass", 1, 0, "files")
    wrong = "\nstatic inline int f(void)\n{\n    static const int t[2] = {1, 2};\n\n    return t[2];\n}\n"
    verdict = check_cppcheck(written(tmp_path, by_hand(), wrong), "some")
    assert (verdict.status, verdict.mismatches) == ("fail", 1)
    assert "arrayIndexOutOfBounds" in verdict.note


@pytest.mark.slow
@pytest.mark.needs("cppcheck")
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_cppcheck_finds_nothing_in_any_architecture(tmp_path, architecture):
    guarantee = "ulp:1.5" if "uniform-constant" in architecture or ARCHITECTURES[architecture].codes else "correct"
    function = {"even": "smooth_abs", "odd": "tanh", "complement": "sigmoid"}.get(
        ARCHITECTURES[architecture].fold, "gelu"
    )
    design = build(Spec(function, "q2.4", "q2.4", guarantee, architecture))
    verdict = check_cppcheck(written(tmp_path, design), "some")
    assert verdict.status == "pass", verdict.note


@pytest.mark.slow
@pytest.mark.needs("cc", "cxx")
@pytest.mark.parametrize("right", [True, False])
def test_every_level_standard_and_sanitizer_is_taken(tmp_path, right):
    verdicts = check_compilers(written(tmp_path, by_hand() if right else WRONG), "some", by_hand())
    assert {summary(each) for each in verdicts} == {("pass", 256, 0, "") if right else ("fail", 256, 8, "")}
    taken = [each.tool.partition(", ")[2] for each in verdicts if each.tool.startswith("gcc")]
    assert taken == ["-O0", "-O1", "-O3", "-Os", "-O2 -funsigned-char", "-O2, C11", "-O2, C++11", "ASan and UBSan"]


@pytest.mark.slow
@pytest.mark.needs("cc")
def test_a_read_beside_a_table_is_seen_by_the_address_sanitizer_alone(tmp_path):
    body = """    static int8_t few[3] = {0, 0, 0};
    volatile size_t at = n;

    if (n == 3u) {
        at = at + 1u;
        few[0] = (&few[0])[at];
    }
    some_n(in, out, n);"""
    verdicts = check_compilers(written(tmp_path, by_hand(), instead(body)), "some", by_hand())
    failed = {each.tool.partition(", ")[2] for each in verdicts if each.status == "fail"}
    assert failed == {"ASan and UBSan"}


# -- instructions ------------------------------------------------------------------------------------------


def kernel(*lines, type_="int8_t", extra=""):
    """An array function that copies codes, and does something beside."""
    body = "\n".join(f"        {line}" for line in lines)
    text = f"""#include <stddef.h>
#include <stdint.h>
{extra}
static inline void copy_n(const {type_} *in, {type_} *out, size_t n)
{{
    size_t i;

    for (i = 0; i < n; i++) {{
{body}
        out[i] = in[i];
    }}
}}
"""
    return Kernel("copy_n", {"copy.h": text}, "copy.h", (type_,), type_)


NOPS = '__asm__ volatile("nop\\n\\tnop\\n\\tnop\\n\\tnop\\n\\tnop\\n\\tnop\\n\\tnop" : : "r"(in[i]));'
CODES = [np.arange(-128, 128)]


def counted(made, core, flags=("-O2",)):
    return count(made, core, CODES, CODES, flags)


@pytest.mark.parametrize("core", QUICK)
def test_seven_instructions_more_are_counted_as_seven(core):
    few = counted(kernel('__asm__ volatile("" : : "r"(in[i]));'), core)
    many = counted(kernel(NOPS), core)
    assert (many.mean - few.mean, many.worst - few.worst, many.call - few.call) == (7, 7, 0)
    assert few.mean == few.worst
    assert few.mean.denominator == few.call.denominator == 1
    assert 3 <= few.mean <= 7
    assert counted(kernel(NOPS), core) == many


@pytest.mark.parametrize("core", QUICK)
def test_the_worst_code_is_the_one_that_takes_longest(core):
    made = kernel("if (in[i] == 77) {", "    " + NOPS, "}")
    found = counted(made, core)
    assert found.worst_code == 77
    assert found.worst > found.mean
    mean = count(made, core, [np.full(256, 77)], CODES)
    assert mean.mean == mean.worst == found.worst


@ARM
def test_bytes_are_those_of_code_and_tables():
    table = "static const uint16_t some_table[100] = {1, 2, 3};"
    lines = '__asm__ volatile("" : : "r"(some_table[(uint8_t)in[i] % 100u]));'
    few, many = sizes(kernel(NOPS), "cortex-m0plus"), sizes(kernel(lines, NOPS, extra=table), "cortex-m0plus")
    assert (few.tables, many.tables) == (0, 200)
    assert 14 + 8 <= few.code < many.code < 100
    none = sizes(kernel(), "cortex-m0plus")
    assert few.code - none.code >= 14


@ARM
def test_libraries_are_weighed_where_a_kernel_names_them():
    divides = kernel('__asm__ volatile("" : : "r"((int32_t)n / in[i]));')
    alone = sizes(divides, "cortex-m0plus")
    whole = sizes(dataclasses.replace(divides, libraries=("-lgcc",)), "cortex-m0plus")
    assert alone.code < 100 < 300 < whole.code
    assert whole.tables == 0


@ARM
def test_the_size_of_a_block_does_not_matter():
    made = kernel("if (in[i] > 64) {", "    " + NOPS, "}")
    whole, quarters = (count(made, "cortex-m4", CODES, [np.arange(1)], block=block) for block in (256, 64))
    assert (whole.mean, whole.call) == (quarters.mean, quarters.call)


@ARM
def test_a_design_is_counted_by_its_array_function():
    made = array_function(by_hand(), "some", emit(by_hand(), Target("some")))
    assert (made.name, made.types, made.result, sorted(made.files)) == ("some_n", ("int8_t",), "int8_t", ["some.h"])
    codes = near(by_hand())
    assert (len(codes), codes[0].min(), codes[0].max()) == (1, -63, 63)
    found = count(made, "cortex-m4", codes, by_hand().stimulus())
    assert 5 < found.mean <= found.worst < 60
    assert sizes(made, "cortex-m4").tables >= 9


@pytest.mark.slow
@pytest.mark.parametrize("core", [each for each in EVERY if each.values[0] != "avr"])
def test_instructions_are_counted_on_every_core(core):
    few = counted(kernel('__asm__ volatile("" : : "r"(in[i]));'), core)
    many = counted(kernel(NOPS), core)
    assert (many.mean - few.mean, many.worst - few.worst) == (7, 7)


# -- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("core", "absent", "sentence"),
    [
        (
            "cortex-m4",
            ("arm-none-eabi-gcc", "qemu-system-arm"),
            "arm-none-eabi-gcc and qemu-system-arm are missing, for Cortex-M4: "
            "apt-get install gcc-arm-none-eabi qemu-system-arm",
        ),
        ("avr", ("avr-gcc",), "avr-gcc is missing, for ATmega2560: apt-get install gcc-avr"),
        (
            "rv32imac",
            ("qemu-system-riscv32",),
            "qemu-system-riscv32 is missing, for RV32IMAC: apt-get install qemu-system-misc",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_package(tmp_path, monkeypatch, core, absent, sentence):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **more: None if name in absent else which("true", **more))
    assert cores.missing(core) == sentence
    made = generate(Spec("gelu", "q2.2", "q2.2"), tmp_path)
    with pytest.raises(GelugenError) as refused:
        verify(made.folder, [core])
    assert str(refused.value) == sentence


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(GelugenError, match="core 'cortex-m1' is not known: it must be one of cortex-m0plus, "):
        counted(kernel(), "cortex-m1")
    with pytest.raises(GelugenError, match="core avr: instructions cannot be counted on it"):
        counted(kernel(), "avr")


@ARM
def test_what_does_not_compile_for_a_core_is_refused():
    with pytest.raises(GelugenError, match=r"copy_n does not compile for Cortex-M4: copy\.h:.*error"):
        counted(kernel("no_such_function()"), "cortex-m4")


@ARM
def test_a_function_that_faults_is_refused():
    with pytest.raises(GelugenError, match="copy_n on Cortex-M4: it met a fault"):
        counted(kernel('__asm__ volatile("udf 0");'), "cortex-m4")


def test_every_core_is_a_tool():
    assert [name for name in TOOLS if name in CORES] == list(CORES)
    assert not any(TOOLS[name].default for name in CORES)
