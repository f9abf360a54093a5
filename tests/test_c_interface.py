"""What a firmware sees of the C files: names, constants, documentation, storage, and what may stand side by side."""

import re
import subprocess

import pytest
from designs import designs
from hypothesis import given, settings

from gelugen.bank_spec import BankSpec
from gelugen.emit import emit
from gelugen.gated_spec import GatedSpec
from gelugen.spec import Spec, Target
from gelugen.units import build
from gelugen.verify.c import STRICT

AFFINE = Spec("gelu", "int8:scale=0.05,zero_point=3", "uint8:scale=0.04,zero_point=7", architecture="table")
UNITS = {
    "plain": AFFINE,
    "folded": Spec("gelu", "q3.4", "q3.4", architecture="residual-uniform-linear"),
    "glu": GatedSpec("silu", "q2.2", "q2.2", "q2.2", "q3.2", architecture="table"),
    "acts": BankSpec({"one": Spec("gelu", "q2.2", "q2.2"), "two": Spec("tanh", "q2.2", "q0.4")}),
}
CALLS = {
    "plain": "plain(in[0]); plain_n(in, codes, 4)",
    "folded": "folded(in[0]); folded_n(in, out, 4)",
    "glu": "glu(in[0], in[1]); glu_n(in, in, out, 4)",
    "acts": "acts(acts_SELECT_two, in[0]); acts_n(acts_SELECT_one, in, out, 4)",
}
C11, CXX = [each.replace("c99", "c11") for each in STRICT], [each.replace("c99", "c++11") for each in STRICT]


@pytest.fixture(scope="module")
def units():
    return {name: build(spec) for name, spec in UNITS.items()}


def write(folder, units, **how):
    for name, unit in units.items():
        for file, text in emit(unit, Target(name, **how)).items():
            (folder / file).write_text(text)


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


# -- names and constants -----------------------------------------------------------------------------------------


def test_scales_zero_points_and_limits_are_constants(units):
    header = emit(units["plain"], Target("act"))["act.h"]
    found = dict(re.findall(r"#define act_(\w+) (\S+)", header))
    assert found == {
        "INPUT_SCALE": "0.05",
        "INPUT_ZERO_POINT": "3",
        "OUTPUT_SCALE": "0.04",
        "OUTPUT_ZERO_POINT": "7",
        "INPUT_BITS": "8",
        "INPUT_MIN": "(-128)",
        "INPUT_MAX": "127",
        "OUTPUT_BITS": "8",
        "OUTPUT_MIN": "0",
        "OUTPUT_MAX": "255",
    }


def test_a_gated_unit_has_constants_of_both_inputs(units):
    header = emit(units["glu"], Target("glu"))["glu.h"]
    assert {"GATE_SCALE", "UP_SCALE", "OUTPUT_SCALE"} < set(re.findall(r"#define glu_(\w+)", header))


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("how", ["single", "split"])
def test_every_function_tells_of_every_parameter(units, name, how):
    header = emit(units[name], Target(name, header=how))[f"{name}.h"]
    functions = re.findall(r"/\*\*\n \* @brief ((?:(?!\*/).)+) \*/\n[\w ]+\(([^)]*)\)", header, re.DOTALL)
    assert len(functions) >= 2
    for comment, parameters in functions:
        names = [each.split()[-1].lstrip("*") for each in parameters.split(",")]
        assert re.findall(r"@param (\w+) \S", comment) == names


def test_a_split_header_holds_prototypes_and_the_source_the_rest(units):
    files = emit(units["folded"], Target("act", header="split"))
    assert "int8_t act(int8_t x);\n" in files["act.h"]
    assert "void act_n(const int8_t *in, int8_t *out, size_t n);\n" in files["act.h"]
    assert "static" not in files["act.h"]
    assert "\nint8_t act(int8_t x)\n{" in files["act.c"]
    assert len(re.findall(r"^(?!GELUGEN_STORAGE static |static )[\w ]+\w\(.*\)$", files["act.c"], re.MULTILINE)) == 2


def test_a_single_header_needs_no_source_however_large():
    wide = build(Spec("gelu", "q3.12", "q3.4", architecture="table"))
    assert "big.c" in emit(wide, Target("big"))
    assert "big.c" not in emit(wide, Target("big", header="single"))


# -- side by side ------------------------------------------------------------------------------------------------


def program(folder, names):
    includes = "".join(f'#include "{name}.h"\n' for name in (*names, *names))
    calls = "".join(f"    (void){CALLS[name]};\n" for name in names)
    text = f"{includes}\nint main(void)\n{{\n    int8_t in[4] = {{0, 1, 2, 3}}, out[4];\n    uint8_t codes[4];\n{calls}"
    (folder / "main.c").write_text(f"{text}    (void)out;\n    (void)codes;\n    return 0;\n}}\n")


@pytest.mark.needs("cc", "cxx")
@pytest.mark.parametrize("how", ["single", "split"])
def test_headers_stand_side_by_side_in_c_and_in_cxx(units, how, tmp_path):
    write(tmp_path, units, header=how)
    program(tmp_path, UNITS)
    sources = sorted(each.name for each in tmp_path.glob("*.c") if each.name != "main.c")
    assert len(sources) == (len(UNITS) if how == "split" else 0)
    for flags in (STRICT, C11):
        run(tmp_path, "gcc", *flags, "-O1", "main.c", *sources, "-o", "both")
        run(tmp_path, "./both")
    for source in sources:
        run(tmp_path, "gcc", *STRICT, "-c", source)
    objects = [source.replace(".c", ".o") for source in sources]
    run(tmp_path, "g++", *CXX, "-x", "c++", "main.c", "-x", "none", *objects, "-o", "both")
    run(tmp_path, "./both")
    for source in sources:  # as C++ too
        run(tmp_path, "g++", *CXX, "-x", "c++", "-c", source)


# -- storage -----------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(designs())
def test_every_table_is_stored_and_read_by_the_macros(design):
    header = emit(design, Target("act"))["act.h"]
    arrays = re.findall(r"^GELUGEN_STORAGE static const (\w+) (act_\w+)\[", header, re.MULTILINE)
    assert len(re.findall(r"= \{$", header, re.MULTILINE)) == len(arrays)
    for type_, name in arrays:
        others = header.replace(f"{type_} {name}[", "").replace(f"GELUGEN_READ({type_}, {name}, ", "")
        others = others.replace(f"const {type_} *at", "").replace(f" - {name})", "")  # the start of a search
        assert not re.search(rf"(?<!= )\b{name}\b", others)


@pytest.mark.needs("cc")
def test_tables_go_where_the_macros_say(units, tmp_path):
    write(tmp_path, units)
    program(tmp_path, UNITS)
    storage = '-DGELUGEN_STORAGE=__attribute__((section(".fast")))'
    read = "-DGELUGEN_READ(type,table,i)=(*(const type*)((table)+(i)))"
    run(tmp_path, "gcc", *STRICT, "-O0", storage, read, "-c", "main.c")
    sections = run(tmp_path, "objdump", "-h", "main.o")
    flash = [int(re.search(r"flash +(\d+) bytes", (tmp_path / f"{name}.h").read_text())[1]) for name in UNITS]
    assert int(re.search(r" \.fast +([0-9a-f]+)", sections)[1], 16) >= sum(flash)
    assert not re.search(r" \.rodata\S* +(?!0+\b)", sections)
