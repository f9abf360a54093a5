"""The command line: the only place that prints or exits.

Exit codes: 0 done; 1 a design or a table does not keep its word (``verify``, ``audit``), or there is nothing to verify
with (``doctor``); 2 what was asked for cannot be done; 70 a mistake of gelugen's own; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import gelugen
from gelugen.errors import GelugenError

# Rooms are imported by the command that needs them: `gelugen --help` waits for none.


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one sentence."""

    def error(self, message: str) -> NoReturn:
        raise GelugenError(f"{message} (see {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    try:
        options = _parser().parse_args(_signed(sys.argv[1:] if arguments is None else arguments))
        code: int = options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except GelugenError as error:
        print(f"gelugen: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        print(": ".join(["gelugen: interrupted", *map(str, interrupt.args)]), file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"gelugen: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except Exception as error:
        if os.environ.get("GELUGEN_DEBUG"):
            raise
        print(
            f"gelugen: internal error, please report it: {error!r} (GELUGEN_DEBUG=1 shows more)",
            file=sys.stderr,
        )
        return 70


def _parser() -> _Parser:
    parser = _Parser(
        prog="gelugen",
        description="The smallest integer design found of an activation function that keeps a stated accuracy, "
        "as C and as Verilog, verified over every input code.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gelugen {gelugen.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, where: str, text: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        added.set_defaults(run=_later(where, name))
        added.add_argument("--json", action="store_true", help="print JSON for a script to read")
        return added

    generate = command("generate", "designs", "Make designs: C, Verilog, tables, test bench and manifest.")
    generate.add_argument(
        "specs",
        nargs="*",
        metavar="SPEC.toml",
        help="tables [design.NAME], [gated.NAME], [[bank.NAME]]; or a model, .onnx or .tflite",
    )
    _add_request(generate, "auto (default) takes the one of least cost")
    generate.add_argument("--minimise", metavar="mse", help="the least mean square error, in place of a guarantee")
    generate.add_argument("--segments", metavar="N", help="with --minimise: at most so many")
    generate.add_argument(
        "--density", help="with --minimise: uniform (default), gaussian:MEAN,STD or histogram:FILE: how often x occurs"
    )
    generate.add_argument("--grid", metavar="BITS", help="with --minimise: coefficients are multiples of 2^-BITS")
    generate.add_argument("--up", metavar="FORMAT", help="makes it a gated unit: function(input) * up, as GEGLU is")
    generate.add_argument(
        "--intermediate",
        metavar="FORMAT",
        help="of a gated unit: that of the rounded function(input); or int8:scale=fit",
    )
    generate.add_argument(
        "--requantize", metavar="GUARANTEE", help="of a gated unit: its product's rounding, correct (default) or ulp:N"
    )
    generate.add_argument(
        "--pipeline", metavar="N", help="registers of the Verilog module from input to output; 0 is combinational"
    )
    generate.add_argument("--lanes", metavar="N", help="samples a clock; default: 1")
    generate.add_argument(
        "--stream", action="store_const", const="true", help="with an AXI4-Stream wrapper beside the module"
    )
    generate.add_argument("--rom", metavar="STYLE", help="tables in logic, in block RAM (block), or auto (default)")
    generate.add_argument(
        "--writable", action="store_const", const="true", help="tables that a write port can change at run time"
    )
    generate.add_argument(
        "--memory", metavar="FORMATS", help="files of the tables beside .mem: hex, coe, mif, by commas"
    )
    generate.add_argument("--style", metavar="FAMILY", help="logic written for xc7 or ice40; default: plain")
    generate.add_argument("--header", metavar="HOW", help="the C as a single header or split; default: by table size")
    generate.add_argument("--name", help="of the C function, the Verilog module and the folder")
    generate.add_argument("-o", "--output-dir", metavar="DIR", default="rtl_out", help="default: rtl_out")

    verify = command("verify", "designs", "Compare the files of designs with their NumPy model over every code.")
    verify.add_argument("folders", nargs="+", metavar="DIR", help="folders that `gelugen generate` has made")
    verify.add_argument(
        "--with",
        dest="tools",
        metavar="TOOLS",
        help="by commas: cc (gcc, clang), icarus, lint (Icarus, Verilator, Yosys), verilator (a second simulator), "
        "gates (netlists of Yosys), formal (the stream wrapper), compilers (every level and standard), cppcheck, "
        "cores under QEMU (cortex-m0plus, -m3, -m4, -m7, -m33, -m55, rv32imac, avr), or all; "
        "default: cc,icarus,lint, those that are there",
    )

    _add_own(verify)

    synth = command("synth", "synthesizing", "Synthesize designs: lookup tables, registers, block RAM, DSP, Fmax.")
    synth.add_argument("folders", nargs="+", metavar="DIR", help="folders that `gelugen generate` has made")
    synth.add_argument("--family", metavar="NAMES", help="by commas: ice40, ecp5, xc7; default: all of them")
    synth.add_argument("--no-bram", action="store_true", help="keep tables out of block RAM")
    synth.add_argument("--no-dsp", action="store_true", help="keep multipliers out of DSP blocks")
    synth.add_argument(
        "--fmax", action="store_true", help="place and route between registers: Fmax of ice40 and ecp5, by nextpnr"
    )
    synth.add_argument("--jobs", metavar="N", type=_count, help="processes at a time; default: one for each core")
    _add_own(synth)

    show = command("show", "designs", "Show a design: formats, guarantee, measured error, size, latency.")
    show.add_argument("folder", metavar="DIR", help="a folder that `gelugen generate` has made")
    show.add_argument("--plot", metavar="FILE.png", type=Path, help="draw function, design and error")
    _add_own(show)

    report = command(
        "report", "reporting", "Write one page of HTML: functions, errors, segments, sizes, verdicts; it stands alone."
    )
    report.add_argument("folders", nargs="+", metavar="DIR", help="folders that `gelugen generate` has made")
    report.add_argument(
        "-o",
        "--output",
        metavar="FILE.html",
        type=Path,
        default=Path("build/report.html"),
        help="default: build/report.html",
    )
    report.add_argument(
        "--with", dest="tools", metavar="TOOLS", help="ask tools about the files first, as verify does; default: none"
    )
    report.add_argument(
        "--results",
        metavar="FILE",
        type=Path,
        action="append",
        help="what verify --json or synth --json have printed, or results.jsonl of explore; once for each file",
    )
    _add_own(report)

    explore = command(
        "explore", "exploring", "Rank all designs of all architectures, and draw their size against their error."
    )
    explore.add_argument("grid", nargs="?", metavar="GRID.toml", help="lists of functions, formats, ...: table [grid]")
    _add_request(explore, "auto (default) compares all, NAME,NAME these")
    explore.add_argument(
        "--top", metavar="N", type=_count, default=20, help="rows to print of each ranking; default 20"
    )
    explore.add_argument(
        "-o", "--output-dir", metavar="DIR", type=Path, default=Path("build/explore"), help="default: build/explore"
    )
    explore.add_argument("--csv", metavar="FILE", type=Path, help="every row; default: designs.csv in DIR")
    explore.add_argument("--plot", metavar="FILE.png", type=Path, help="default: pareto.png in DIR")
    explore.add_argument(
        "--results",
        metavar="FILE",
        type=Path,
        help="where finished tasks are kept and taken from; default: results.jsonl in DIR",
    )
    explore.add_argument("--jobs", metavar="N", type=_count, help="processes at a time; default: one for each core")
    explore.add_argument("--dask", metavar="ADDRESS", help="of a Dask scheduler that does the work instead")

    _add_compare(command("compare", "comparing", "Compare a function with what stands in for it; refit coefficients."))

    _add_audit(command("audit", "auditing", "Say what anybody's table is: function, scales, order, rounding, errors."))

    added = command("import", "importing", "Read a quantized model, .onnx or .tflite: one request for each activation.")
    added.set_defaults(run=_later("importing", "import_model"))
    added.add_argument("model", metavar="MODEL", help="a file that ends in .onnx or .tflite")
    added.add_argument("-o", "--output", metavar="FILE.toml", type=Path, help="default: MODEL.toml in this folder")
    added.add_argument(
        "--dialect", metavar="RUNTIME", help="default: onnxruntime or litert; or litert:resolver=xnnpack"
    )
    added.add_argument("--keep-going", action="store_true", help="leave out what cannot be read, in place of refusing")

    functions = command("functions", "catalogue", "List the functions that there are, or say more of one.")
    functions.add_argument("name", nargs="?", metavar="NAME", help="of a function")

    command("doctor", "diagnosing", "Say which tools are there, in which version, and how to install what is missing.")
    return parser


def _add_request(parser: argparse.ArgumentParser, auto: str) -> None:
    """The flags of a spec with a guarantee."""
    parser.add_argument(
        "--function", help="a name that `gelugen functions` lists, with parameters as in swish:beta=1.5; or MODULE:NAME"
    )
    _add_accuracy(parser)
    parser.add_argument(
        "--outside", metavar="WHAT", help="where the function is not defined: clamp (its value at the end), or a number"
    )
    parser.add_argument(
        "--dialect",
        metavar="RUNTIME",
        help="whose codes to give: exact (default), litert, onnxruntime, torch, executorch or cmsis-nn, as in "
        "litert:resolver=xnnpack",
    )
    parser.add_argument(
        "--expression", metavar="NODES", help="what a subgraph of an ONNX model computes, as gelugen import writes it"
    )
    parser.add_argument("--input", metavar="FORMAT", help="q3.12, uq0.8 or int8:scale=0.05,zero_point=-3")
    parser.add_argument("--output", metavar="FORMAT", help="the same; int8:scale=fit just holds the function's range")
    parser.add_argument("--guarantee", help="correct (default), faithful or ulp:N")
    parser.add_argument("--architecture", metavar="NAME", help=f"{auto}; {_ARCHITECTURES}")
    parser.add_argument("--ties", help="even (default), away, up or down: where exact halves go")
    parser.add_argument(
        "--objective",
        help="balanced (default: ROM bits, plus a*b for every a by b bit multiplier), rom-bits, multiplier-bits, "
        "latency, or a sum such as rom-bits+0.5*multiplier-bits+20*latency; luts:ice40, luts:ecp5 or luts:xc7 (with "
        "+dsp, +bram): lookup tables by Yosys",
    )
    parser.add_argument(
        "--exclude", metavar="NAMES", help="architectures that auto leaves out: names, shapes or multiplier, by commas"
    )
    parser.add_argument("--no-multiplier", action="store_true", help="the same as --exclude multiplier")


_ARCHITECTURES = (
    "table, sum-of-tables, uniform-digit-linear, dyadic-digit-linear, uniform-digit-quadratic, "
    "uniform-code-linear, uniform-code-quadratic, dyadic-code-quadratic or "
    "{uniform,dyadic,free}-{constant,linear,quadratic,cubic}, alone or after a fold: {residual,even,odd,complement}-"
)


def _add_own(parser: argparse.ArgumentParser) -> None:
    """The flags that make a user's own function known."""
    parser.add_argument("--function", metavar="MODULE:NAME", help="your own function, if the design was made for one")
    _add_accuracy(parser)


def _add_accuracy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--accuracy", help="of your own MODULE:NAME of floats: relative:4e-16, absolute:1e-12, or both by a comma"
    )


def _add_compare(parser: argparse.ArgumentParser) -> None:
    """The flags of ``compare``."""
    parser.add_argument("--function", help="what is approximated: a name that `gelugen functions` lists")
    parser.add_argument(
        "--with",
        dest="approximations",
        metavar="NAMES",
        action="append",
        help="by commas, or once for each: functions, three_segments:low=-3,high=3 or minmax_table:entries=256; "
        "default: what is usual for the function",
    )
    _add_accuracy(parser)
    parser.add_argument("--range", metavar="LOW,HIGH", help="of x; default: -10,10")
    parser.add_argument("--step", help="of x, as in numpy.arange(LOW, HIGH, STEP); default: 0.001")
    parser.add_argument("--input", metavar="FORMAT", help="compare at every code of it, in place of a range")
    parser.add_argument("--output", metavar="FORMAT", help="tell errors in its ulp; with --input count changed codes")
    parser.add_argument(
        "--refit",
        metavar="TARGET",
        nargs="?",
        const="gelu",
        choices=("gelu", "normal_cdf"),
        help="find the best coefficients of gelu_tanh and gelu_sigmoid for gelu (default) or normal_cdf; needs scipy",
    )
    parser.add_argument("--criterion", choices=("mse", "max"), help="of a refit: mse (default) or max")
    parser.add_argument("--plot", metavar="FILE.png", type=Path, help="draw the functions and their errors")


def _add_audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help=".mem, .hex, .coe, .mif, C or C++ source, .csv, .npy or .json")
    parser.add_argument("--format", metavar="KIND", help="of the file: mem, hex, coe, mif, c, csv, json or npy")
    parser.add_argument("--array", metavar="NAME", help="the array, column or key, where a file holds several")
    claims = parser.add_argument_group("claims", "what the table is said to be; each may be left out and is then found")
    claims.add_argument("--function", help="a name that `gelugen functions` lists, as in swish:beta=1.5")
    claims.add_argument("--input", metavar="FORMAT", help="q3.4, uq0.8 or int8:scale=0.05,zero_point=-3")
    claims.add_argument("--output", metavar="FORMAT", help="the same")
    claims.add_argument("--guarantee", help="correct (default), faithful or ulp:N")
    claims.add_argument("--ties", help="even, away, up or down; default: any")
    claims.add_argument(
        "--order", help="offset (from the smallest input code), low_bits (by its bits), or either with -reversed"
    )
    claims.add_argument("--dialect", metavar="RUNTIME", help="a runtime whose codes it holds, as in generate")


def _signed(arguments: Sequence[str]) -> list[str]:
    """The arguments with ``--range -1,1`` as ``--range=-1,1``: argparse takes no value that begins like a flag."""
    words: list[str] = []
    for word in arguments:
        if (
            words
            and words[-1] in ("--range", "--step", "--outside")
            and word[:1] == "-"
            and word[1:2] in set(".0123456789")
        ):
            words[-1] += f"={word}"
        else:
            words.append(word)
    return words


def _count(text: str) -> int:
    """A number of things, for argparse."""
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} must be a whole number above 0")
    return int(text)


def _later(module: str, command: str) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        code: int = getattr(import_module(f"gelugen.cli.{module}"), command)(options)
        return code

    return run
