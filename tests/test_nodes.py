"""Subgraphs as they stand: node by node in the runtime's arithmetic, and as real functions in ball arithmetic."""

import numpy as np
import pytest
from mpmath import mp

from gelugen.dialects.expressions import ATTRIBUTES, BINARY, OPERATORS, Expression
from gelugen.dialects.nodes import _BALLS, node_codes, node_function
from gelugen.errors import GelugenError
from gelugen.flow import generate
from gelugen.formats import Format
from gelugen.spec import Spec, from_fields
from gelugen.verify import passed, verify

S8, S9 = "int8:scale=0x1p-4,zero_point=3", "int8:scale=0x1.0204080000000p-5,zero_point=-9"
GELU = "Div(x, 0x1.6a09e6p+0); Erf(%1); Add(%2, 0x1p+0); Mul(x, %3); Mul(%4, 0x1p-1)"
OTHER = "Mul(x, 0x1.4ccccc0000000p+0); Tanh(%1); Mul(%2, x); Add(%3, 0x1p-3)"


def text(op):
    """One step of an operator, with its default attributes."""
    attributes = [f"{name}={float(np.float32(value)).hex()}" for name, value in ATTRIBUTES.get(op, {}).items()]
    return f"{op}({', '.join(['x', *(['0x1.8p+0'] if op in BINARY else []), *attributes])})"


def test_every_operator_has_a_ball():
    assert set(_BALLS) == set(OPERATORS)


@pytest.mark.parametrize("op", sorted(OPERATORS))
def test_the_real_function_of_an_operator_is_what_numpy_computes_in_doubles(op):
    x = np.array([0.25, 0.5, 1.0, 1.7, 3.0]) if op in ("Log", "Sqrt", "Pow", "Reciprocal") else np.linspace(-3, 3, 13)
    expression = Expression.parse(text(op))
    assert node_function(str(expression)).values(x) == pytest.approx(expression.evaluate(x), rel=1e-9, abs=1e-12)


def test_gelu_written_out_is_gelu_but_for_its_constants():
    with mp.workdps(30):
        x = np.linspace(-4, 4, 33)
        expected = [float(v / 2 * (1 + mp.erf(v / mp.mpf(float.fromhex("0x1.6a09e6p+0"))))) for v in map(mp.mpf, x)]
    assert node_function(GELU).values(x) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("function", ["gelu", "subgraph"])
def test_a_subgraph_in_a_dialect_gives_the_codes_of_its_nodes(function):
    spec = Spec(function, S8, S9, dialect="onnxruntime", expression=GELU)
    expected = node_codes(Expression.parse(GELU), spec.input, spec.output)
    assert spec.golden().codes.tolist() == expected.tolist()
    assert expected.tolist() == Spec("gelu", S8, S9, dialect="onnxruntime:operator=gelu_nodes").golden().codes.tolist()
    assert from_fields(spec.fields()) == spec


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("dialect", ["exact", "onnxruntime"])
def test_an_unknown_subgraph_becomes_a_verified_design(dialect, tmp_path):
    made = generate(Spec("subgraph", S8, S9, dialect=dialect, expression=OTHER, exclude="multiplier"), tmp_path)
    assert passed(verify(made.folder, ["cc", "icarus"]))
    assert "Tanh(%1)" in next(made.folder.glob("*.h")).read_text()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"function": "subgraph"}, "function subgraph needs an expression"),
        ({"function": "gelu", "expression": GELU}, "take dialect onnxruntime, or function subgraph"),
        ({"function": "subgraph", "expression": GELU, "dialect": "litert"}, "take dialect onnxruntime"),
        ({"function": "subgraph", "expression": "Evil(x)"}, "operator 'Evil' of an expression is not known"),
        ({"function": "subgraph", "expression": "__import__('os')"}, "must be written as in Add(%1, 0x1p+0)"),
        ({"function": "subgraph", "expression": 3}, "expression 3 must be text"),
    ],
)
def test_what_is_no_expression_is_one_sentence(fields, sentence):
    with pytest.raises(GelugenError) as refusal:
        Spec(input=S8, output=S9, **fields)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("op", ["Log", "Sqrt"])
def test_a_value_that_is_no_number_is_refused_by_its_code(op):
    form = Format.parse("int8:scale=0x1p-4")
    with pytest.raises(GelugenError, match="is not a number at input code -128"):
        node_codes(Expression.parse(f"{op}(x)"), form, form)


def test_designs_of_two_expressions_have_two_names():
    names = {Spec("subgraph", "q3.4", "q3.4", expression=each).default_name() for each in (GELU, OTHER)}
    assert len(names) == 2
