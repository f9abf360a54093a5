"""Generate the GELU, build the firmware for a Cortex-M4, run it under QEMU, and compare every result with NumPy.

    python examples/firmware/run.py [--out build/firmware] [--seed 1]

The last line starts with PASS or FAIL; exit code 0 or 1.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

from gelugen.cores import build, core_of, missing
from gelugen.flow import generate
from gelugen.spec import Spec, Target
from gelugen.units import Unit

HERE = Path(__file__).resolve().parent
CORE = core_of("cortex-m4")
GELU = Spec("gelu", "int8:scale=0.05,zero_point=-3", "int8:scale=fit", architecture="table")
NAME = "gelu_int8"  # main.c knows it by this name

VECTORS, INPUTS, HIDDEN, OUTPUTS = 16, 32, 64, 8
SHIFT = 24
SCALE_IN, SCALE_WEIGHTS, SCALE_OUT = 1 / 32, 1 / 256, 1 / 16
"""What a code of the inputs, of both layers' weights and of the results counts."""
PATIENCE = 60


def requantize(sums: np.ndarray, multiplier: int, zero_point: int) -> np.ndarray:
    """As in main.c: rounded half up, saturated to int8."""
    return np.clip((sums * multiplier + (1 << SHIFT - 1) >> SHIFT) + zero_point, -128, 127)


def checksum(results: np.ndarray) -> int:
    """FNV-1a, as in main.c."""
    total = 2166136261
    for byte in results.astype(np.int8).tobytes():
        total = (total ^ byte) * 16777619 % 2**32
    return total


def constant(name: str, values: np.ndarray, bits: int) -> str:
    """An array of one or two dimensions in C."""
    rows = ["{" + ", ".join(map(str, row)) + "}" for row in np.atleast_2d(values).tolist()]
    body = "{\n    " + ",\n    ".join(rows) + "\n}" if values.ndim == 2 else rows[0]
    sizes = "".join(f"[{size}]" for size in values.shape)
    return f"static const int{bits}_t {name}{sizes} = {body};\n"


def layer(unit: Unit, seed: int) -> tuple[str, np.ndarray]:
    """The text of layer.h, and what the layer gives: the same integers in NumPy."""
    rng = np.random.default_rng(seed)
    inputs = rng.integers(-128, 128, (VECTORS, INPUTS))
    weights1, weights2 = rng.integers(-128, 128, (HIDDEN, INPUTS)), rng.integers(-128, 128, (OUTPUTS, HIDDEN))
    bias1, bias2 = rng.integers(-4096, 4096, HIDDEN), rng.integers(-4096, 4096, OUTPUTS)
    source, target = unit.spec.input, unit.spec.output
    multiplier1 = round(SCALE_IN * SCALE_WEIGHTS / float(source.scale) * 2**SHIFT)
    multiplier2 = round(float(target.scale) * SCALE_WEIGHTS / SCALE_OUT * 2**SHIFT)

    before = requantize(inputs @ weights1.T + bias1, multiplier1, source.zero_point)
    after = unit.eval(before)
    results = requantize((after - target.zero_point) @ weights2.T + bias2, multiplier2, 0)

    # SysTick counts so many clocks an instruction under QEMU: the step of the clock, and the time of an instruction.
    tick = CORE.tick / 2**CORE.shift
    numbers = {"VECTORS": VECTORS, "INPUTS": INPUTS, "HIDDEN": HIDDEN, "OUTPUTS": OUTPUTS, "SHIFT": SHIFT}
    numbers |= {"MULTIPLIER1": multiplier1, "MULTIPLIER2": multiplier2}
    numbers |= {"CLOCK_NUMERATOR": f"{tick.numerator}u", "CLOCK_DENOMINATOR": f"{tick.denominator}u"}
    text = "/* Written by run.py. */\n" + "".join(f"#define {name} {value}\n" for name, value in numbers.items())
    text += constant("DATA", inputs, 8) + constant("WEIGHTS1", weights1, 8) + constant("BIAS1", bias1, 32)
    text += constant("WEIGHTS2", weights2, 8) + constant("BIAS2", bias2, 32)
    return text, results


def what_is_wrong(status: int, results: np.ndarray, expected: np.ndarray) -> str:
    """Why the verdict is FAIL."""
    if status:
        return f"the firmware ended with {status}"
    if results.size == expected.size and (results != expected).any():
        return f"{np.sum(results != expected)} differ"
    return "the number of results or the checksum is wrong"


def main() -> int:
    """Generate, build, run, compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("build/firmware"), help="where everything is built")
    parser.add_argument("--seed", type=int, default=1, help="of weights and inputs")
    options = parser.parse_args()
    if absent := missing(CORE.name):
        print(absent, file=sys.stderr)
        return 2

    made = generate(GELU, options.out, Target(NAME))
    text, expected = layer(made.design, options.seed)
    (options.out / "layer.h").write_text(text)
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-iquote", str(made.folder.resolve())]
    built = build(CORE, options.out, [HERE / "main.c"], flags)
    if built.returncode:
        print(built.stderr.decode(), file=sys.stderr)
        return 1

    # Every instruction takes 2^shift ns of QEMU's virtual time, so the board's clock counts instructions.
    run = [CORE.emulator, *CORE.machine, "-display", "none", "-monitor", "none", "-serial", "none"]
    run += ["-icount", f"shift={CORE.shift}", "-kernel", "image.elf"]
    (options.out / "drives.bin").write_bytes(b"")
    ran = subprocess.run(run, cwd=options.out, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)
    print(ran.stdout.decode(), end="")

    results = np.frombuffer((options.out / "results.bin").read_bytes(), np.int8)
    same = np.array_equal(results, expected.ravel())
    right = ran.returncode == 0 and same and f"checksum of all: {checksum(expected)}\n" in ran.stdout.decode()
    note = "" if right else ", " + what_is_wrong(ran.returncode, results, expected.ravel())
    print(
        f"{'PASS' if right else 'FAIL'}: {results.size} results of {CORE.title} beside {expected.size} of NumPy{note}"
    )
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
