"""Generate the GELU block, build the chain with Icarus, simulate it, and compare every output with NumPy.

    python examples/axi_chain/run.py [--out build/axi_chain] [--seed 1]

Prints one line that starts with PASS or FAIL; exit code 0 or 1.
"""

import argparse
import math
import subprocess
import sys
from pathlib import Path

import numpy as np

from gelugen.flow import generate
from gelugen.spec import Spec, Target

HERE = Path(__file__).resolve().parent
BLOCKS = ("axi_chain_tb.v", "axi_chain.v", "dot_product.v", "requantize.v")

# What the codes mean: a real value is its code times the scale.
SCALE_A, SCALE_B = 1 / 32, 0.0117
GELU = Spec("gelu", "q3.4", "q3.4")  # codes in sixteenths; correctly rounded at every code
NAME = "gelu_int8"  # axi_chain.v knows it by this name

RESULTS, LONGEST = 400, 64
"""How many vectors, and the most elements of one."""


def multiplier_and_shift(factor: float) -> tuple[int, int]:
    """A real factor as multiplier / 2^shift, the multiplier a full 16 bits: 2^15 to 2^16 - 1."""
    shift = 16 - math.frexp(factor)[1]
    return min(round(factor * 2**shift), 2**16 - 1), shift


def requantize(sums: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    """As requantize.v: rounded half away from zero, saturated to int8."""
    products = sums.astype(np.int64) * multiplier
    rounded = np.sign(products) * ((np.abs(products) + (1 << shift - 1)) >> shift)
    return np.clip(rounded, -128, 127)


def vectors(rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of int8 vectors of many lengths, the most negative codes among them."""
    pairs = [(np.full(LONGEST, a), np.full(LONGEST, b)) for a in (-128, 127) for b in (-128, 127)]
    pairs += [(np.array([a]), np.array([0])) for a in (-128, 0, 127)]
    while len(pairs) < RESULTS:
        # Bursts of short vectors: results then come so fast that a slow sink stops the source.
        length = rng.integers(1, LONGEST + 1 if len(pairs) // 50 % 2 else 4)
        spread = rng.choice([8, 24, 60])  # so that sums fall where the GELU bends, and where it does not
        pairs.append(tuple(np.clip(np.rint(rng.normal(0, spread, (2, length))), -128, 127).astype(int)))
    return pairs


def main() -> int:
    """Generate, build, simulate, compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("build/axi_chain"), help="where everything is built")
    parser.add_argument("--seed", type=int, default=1, help="of the vectors, the gaps and the back-pressure")
    options = parser.parse_args()

    made = generate(GELU, options.out, Target(NAME, stream=True))
    rng = np.random.default_rng(options.seed)
    pairs = vectors(rng)
    multiplier, shift = multiplier_and_shift(SCALE_A * SCALE_B / GELU.input.scale)
    sums = np.array([int(a @ b) for a, b in pairs])
    codes = made.design.eval(requantize(sums, multiplier, shift))

    # Both last bits, and the number of the result: what tlast and tuser carry along.
    ends = rng.random(len(pairs)) < 0.1
    elements, results = [], []
    for number, ((a, b), end, code) in enumerate(zip(pairs, ends, codes, strict=True)):
        user = (number % 256) << 1 | int(end)
        for place, (one, other) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
            last = int(place == len(a) - 1)
            elements.append(user << 17 | last << 16 | (other & 255) << 8 | one & 255)
        results.append(user << 8 | int(code) & 255)
    (options.out / "elements.mem").write_text("".join(f"{word:07x}\n" for word in elements))
    (options.out / "results.mem").write_text("".join(f"{word:05x}\n" for word in results))

    parameters = {"ELEMENTS": len(elements), "RESULTS": len(results), "MULTIPLIER": multiplier, "SHIFT": shift}
    sources = [HERE / each for each in BLOCKS] + [made.folder.resolve() / f"{NAME}{end}.v" for end in ("_axis", "")]
    build = ["iverilog", "-g2001", "-Wall", "-s", "axi_chain_tb", "-o", "axi_chain.vvp"]
    build += [f"-Paxi_chain_tb.{key}={value}" for key, value in parameters.items()]
    subprocess.run([*build, *map(str, sources)], cwd=options.out, check=True)
    run = ["vvp", "-n", "axi_chain.vvp", f"+seed={options.seed}"]
    ran = subprocess.run(run, cwd=options.out, check=True, capture_output=True, text=True)
    print(ran.stdout, end="")

    # And what it is all for: how far is the chain from the real GELU of the real dot product?
    x = np.clip(sums * SCALE_A * SCALE_B, GELU.input.code_min / 16, GELU.input.code_max / 16)
    real = x * np.array([math.erfc(-each / math.sqrt(2)) / 2 for each in x])
    print(f"The largest error against the real GELU of the real sum is {np.abs(codes / 16 - real).max():.4f};")
    print("rounding the sum to sixteenths explains 0.035 of it, rounding the result 0.031.")
    return 0 if ran.stdout.startswith("PASS") else 1


if __name__ == "__main__":
    sys.exit(main())
