"""An objective says what a design costs; exclude says what auto leaves out. Both belong to the request."""

import pytest

from gelugen.aims import Weights
from gelugen.architectures import get_architecture
from gelugen.design import Breakpoints, Coefficient, Design, Term, Uniform
from gelugen.errors import GelugenError
from gelugen.objectives import Objective, multiplier_bits
from gelugen.pipeline import latency, multipliers
from gelugen.requests import from_toml, to_toml
from gelugen.spec import Spec, Target, command, from_fields

SPEC = Spec("gelu", "q3.4", "q3.4")
LINES = Design(
    SPEC,
    "residual-uniform-linear",
    "residual",
    (Term(Uniform(2), (Coefficient((1, 2, 3), 3, False), Coefficient((1, -2, 0), 2, True))),),
)
STEPS = Design(
    SPEC, "residual-free-constant", "residual", (Term(Breakpoints((2, 9, 16)), (Coefficient((1, 2), 2, False),)),)
)


def test_what_each_objective_counts():
    # lines: 3 words of 3 + 2 bits, one multiplier of 2 by 2 bits; steps: 2 words of 2 bits, and the breakpoint 9
    assert (LINES.rom_bits, multipliers(LINES), multiplier_bits(LINES), latency(LINES)) == (15, [(2, 2)], 4, 4)
    assert (STEPS.rom_bits, multipliers(STEPS), multiplier_bits(STEPS), latency(STEPS)) == (9, [], 0, 3)
    costs = {
        "balanced": (19, 9),
        "rom-bits": (15, 9),
        "multiplier-bits": (4, 0),
        "latency": (4, 3),
        "rom-bits+0.5*multiplier-bits+20*latency": (15 + 2 + 80, 9 + 60),
        "2*latency + 3 * latency": (20, 15),
    }
    for text, (lines, steps) in costs.items():
        objective = Objective.parse(text)
        assert (objective(LINES), objective(STEPS)) == (lines, steps)


def test_the_rom_bits_above_which_nothing_costs_as_little():
    assert Objective.parse("balanced").rom_limit(19.5) == 19
    assert Objective.parse("2*rom-bits").rom_limit(19) == 9
    assert Objective.parse("latency").rom_limit(19) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bits",
        "Balanced",
        "rom-bits+",
        "0*rom-bits",
        "-1*latency",
        "rom-bits*2",
        "1e9*latency",
        None,
        3,
        ["latency"],
    ],
)
def test_an_unknown_objective_is_refused_with_what_would_be_right(text):
    with pytest.raises(
        GelugenError, match=r"objective .* is not known: it must be balanced, rom-bits, .* weighted sum"
    ):
        Weights.parse(text)


def test_exclude_leaves_out_multipliers_architectures_and_shapes():
    spec = Spec("gelu", "q3.4", "q3.4", exclude=["multiplier", "sum-of-tables", "residual-table"])
    assert spec.exclude == ("multiplier", "residual-table", "sum-of-tables")
    left_out = ["uniform-linear", "residual-free-cubic", "sum-of-tables", "residual-sum-of-tables", "residual-table"]
    assert [
        name for name in [*left_out, "table", "residual-free-constant"] if spec.excludes(get_architecture(name))
    ] == (left_out)


@pytest.mark.parametrize("exclude", ["multipliers", "residual", "table,", [""], [["table"]], 7])
def test_an_unknown_exclusion_is_refused_with_what_would_be_right(exclude):
    with pytest.raises(GelugenError, match=r"^exclude .* must be|^exclude .* is not known: it must be multiplier"):
        Spec("gelu", "q3.4", "q3.4", exclude=exclude)


def test_objective_and_exclude_are_part_of_the_request_only_where_they_are_given():
    assert "objective" not in SPEC.fields()
    assert "exclude" not in SPEC.fields()
    spec = Spec("gelu", "q3.4", "q3.4", objective="rom-bits", exclude="table,multiplier")
    assert spec.fields()["objective"] == "rom-bits"
    assert spec.fields()["exclude"] == "multiplier,table"
    assert from_fields(spec.fields()) == spec
    assert from_toml(to_toml({"mine": spec}), "x.toml") == [(spec, Target("mine"))]
    assert from_toml(
        '[design.mine]\nfunction = "gelu"\ninput = "q3.4"\noutput = "q3.4"\nobjective = "rom-bits"\n'
        'exclude = ["table", "multiplier"]',
        "x.toml",
    ) == [(spec, Target("mine"))]
    assert command(spec, Target(spec.default_name())) == (
        "gelugen generate --function gelu --input q3.4 --output q3.4 --guarantee correct --objective rom-bits "
        "--exclude multiplier,table"
    )
    assert spec.default_name() == "gelu_q3_4_correct_rom_bits_no_multiplier_table"


def test_what_leaves_no_choice_excludes_a_choice():
    with pytest.raises(GelugenError, match="exclude 'multiplier' is given, and only architecture auto has a choice"):
        Spec("gelu", "q3.4", "q3.4", architecture="table", exclude="multiplier")
    with pytest.raises(GelugenError, match="objective 'latency' is given with minimise 'mse': leave one out"):
        Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=4, objective="latency")
