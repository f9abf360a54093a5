"""gelugen: the smallest integer design found of an activation function that keeps a stated accuracy.

From Python::

    import gelugen

    spec = gelugen.Spec(function="gelu", input="q3.12", output="q3.12", guarantee="faithful")
    design = gelugen.build(spec)      # a Design: integer tables and shifts
    design.eval(codes)                # the codes that the emitted C and Verilog give, bit for bit
    design(x)                         # on floats: quantize, eval, dequantize
    gelugen.generate(spec, "rtl_out")  # C, Verilog, table, test bench and manifest in a folder
    gelugen.load("rtl_out/gelu_q3_12_faithful")  # the Design of a folder

    gated = gelugen.GatedSpec("geglu", input="q3.4", intermediate="q3.4", up="q3.4", output="q3.4")
    gelugen.build(gated).eval(gate, up)  # act(gate) * up, requantized: a Gated; generate and load take it too
    bank = gelugen.BankSpec({"block0": spec, "head": other_spec})
    gelugen.build(bank).eval(select, codes)  # one module, a select input: a Bank; generate and load take it too

    from gelugen.verify import verify
    verify("rtl_out/gelu_q3_12_faithful")  # a Verdict for every tool
"""
# Nothing heavy is imported here, and nothing newer than Python 3.6 is written here: an old interpreter gets
# a sentence instead of a syntax error, and `gelugen --help` does not wait for NumPy.

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.stderr.write(
        "gelugen: needs Python 3.11 to 3.14, and this is Python %d.%d; run it with a newer python3\n"  # noqa: UP031
        % sys.version_info[:2]
    )
    raise SystemExit(2)

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gelugen.bank import Bank
    from gelugen.bank_spec import BankSpec
    from gelugen.design import Design
    from gelugen.errors import GelugenError
    from gelugen.flow import generate
    from gelugen.formats import Format
    from gelugen.functions import ball_function, float_function
    from gelugen.gated import Gated
    from gelugen.gated_spec import GatedSpec
    from gelugen.spec import Spec, Target
    from gelugen.store import load
    from gelugen.units import build, measure

__version__ = "0.1.0"

_HOME = {
    "Bank": "gelugen.bank",
    "BankSpec": "gelugen.bank_spec",
    "Design": "gelugen.design",
    "Format": "gelugen.formats",
    "Gated": "gelugen.gated",
    "GatedSpec": "gelugen.gated_spec",
    "GelugenError": "gelugen.errors",
    "Spec": "gelugen.spec",
    "Target": "gelugen.spec",
    "ball_function": "gelugen.functions",
    "build": "gelugen.units",
    "float_function": "gelugen.functions",
    "generate": "gelugen.flow",
    "load": "gelugen.store",
    "measure": "gelugen.units",
}

__all__ = [
    "Bank",
    "BankSpec",
    "Design",
    "Format",
    "Gated",
    "GatedSpec",
    "GelugenError",
    "Spec",
    "Target",
    "ball_function",
    "build",
    "float_function",
    "generate",
    "load",
    "measure",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'gelugen' has no attribute {name!r}")
