"""The search takes the cheapest design that keeps the guarantee, and of equal ones the simplest."""

from functools import cache

import pytest

from gelugen.accuracy import check, measure
from gelugen.architectures import ARCHITECTURES, SHAPES, get_architecture
from gelugen.design import Design
from gelugen.errors import GelugenError
from gelugen.fit import fit
from gelugen.objectives import Objective, multiplier_bits
from gelugen.pipeline import latency, multipliers
from gelugen.search import architectures, build, candidates
from gelugen.spec import Spec

ODD = ("int5:scale=0.4,zero_point=-3", "int5:scale=0.3,zero_point=-9")
SPECS = [
    Spec("gelu", "q2.3", "q2.3"),
    Spec("gelu", "q3.2", "q3.2", "faithful"),
    Spec("gelu_tanh", "q2.3", "q1.4", "ulp:2.5"),
    Spec("gelu_sigmoid", *ODD),
    Spec("gelu", "int6:scale=1e9", "int6:scale=1e9", "faithful"),
]
EIGHT = Spec("gelu", "q3.4", "q3.4")
OBJECTIVES = [
    "balanced",
    "rom-bits",
    "multiplier-bits",
    "latency",
    "rom-bits+0.5*multiplier-bits+20*latency",
    "2*latency+0.25*rom-bits",
]
by_name = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.default_name())


@cache
def everything(spec):
    """All candidates of a spec without a cost."""
    return tuple(candidates(spec))


def with_objective(spec, objective):
    return Spec(spec.function, spec.input, spec.output, spec.guarantee, objective=objective)


# -- what is searched ------------------------------------------------------------------------------------------


def test_auto_is_every_shape_on_the_functions_fold_and_the_table():
    names = [each.name for each in architectures(EIGHT)]
    assert set(names) == {"table", *(f"residual-{shape}" for shape in SHAPES)}
    assert names == [name for name in ARCHITECTURES if name in names]  # simplest first


def test_where_the_formats_forbid_the_fold_auto_is_every_shape_without_one():
    assert [each.name for each in architectures(SPECS[3])] == list(SHAPES)
    assert {design.fold for design in everything(SPECS[3])} == {"none"}
    with pytest.raises(GelugenError, match="residual-table needs an input scale"):
        build(Spec("gelu", *ODD, architecture="residual-table"))


def test_an_excluded_shape_is_left_out_on_every_fold_and_a_name_on_its_own():
    left = {each.name for each in architectures(Spec("gelu", "q3.4", "q3.4", exclude="table"))}
    assert left == {f"residual-{shape}" for shape in SHAPES if shape != "table"}
    left = {each.name for each in architectures(Spec("gelu", "q3.4", "q3.4", exclude="residual-table,free-cubic"))}
    assert left == {"table", *(f"residual-{shape}" for shape in SHAPES if shape not in ("table", "free-cubic"))}


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_without_multipliers_only_constants_and_sums_are_searched(objective):
    spec = Spec("gelu", "q3.4", "q3.4", exclude="multiplier", objective=objective)
    assert {each.degree for each in architectures(spec)} == {0}
    assert len(architectures(spec)) == 6
    design = build(spec)
    assert not multipliers(design)
    assert check(design).outside == 0


def test_to_exclude_everything_is_refused():
    with pytest.raises(GelugenError, match="leaves no architecture to search"):
        build(Spec("gelu", "q3.4", "q3.4", exclude=["multiplier", *(each for each in SHAPES)]))


@by_name
def test_candidates_keep_the_guarantee_and_belong_to_what_is_searched(spec):
    names = {each.name for each in architectures(spec)}
    told = []
    list(candidates(spec, tell=lambda architecture: told.append(architecture.name)))
    assert sorted(told) == sorted(names)  # each once
    assert {design.architecture for design in everything(spec)} <= names
    for design in everything(spec):
        assert check(design).outside == 0
        assert design.spec == spec


def test_more_than_one_length_of_equal_segments_is_offered():
    lengths = [each.terms[0].dx_bits for each in everything(SPECS[0]) if each.architecture == "residual-uniform-linear"]
    assert len(set(lengths)) > 1


# -- what it costs ---------------------------------------------------------------------------------------------


def costs(design):
    """Each objective's cost, from the numbers of a design."""
    bits = sum(one * two for one, two in multipliers(design))
    clocks = latency(design)
    rom = sum(term.rom_bits for term in design.terms)
    return [rom + bits, rom, bits, clocks, rom + 0.5 * bits + 20 * clocks, 2 * clocks + 0.25 * rom]


def test_every_objective_is_told_from_bits_multipliers_and_clocks():
    for design in everything(SPECS[0]):
        assert [Objective.parse(objective)(design) for objective in OBJECTIVES] == costs(design)
        assert multiplier_bits(design) == costs(design)[2]


@by_name
@pytest.mark.parametrize("number", range(len(OBJECTIVES)), ids=OBJECTIVES)
def test_build_takes_about_the_cheapest_of_all_candidates_though_it_stops_searches_early(spec, number):
    design = build(with_objective(spec, OBJECTIVES[number]))
    # a search that is stopped early is another heuristic: it may end at a somewhat larger polynomial
    assert costs(design)[number] <= 1.1 * min(costs(each)[number] for each in everything(spec))
    assert check(design).outside == 0


def test_balanced_is_the_default_and_buys_no_multiplier_to_save_a_few_bits():
    assert EIGHT.objective == "balanced"
    balanced, smallest = build(EIGHT), build(with_objective(EIGHT, "rom-bits"))
    assert not multipliers(balanced)
    assert balanced.rom_bits == 34
    assert smallest.rom_bits == 16
    assert multiplier_bits(smallest) + 16 > 34


def test_a_multiplier_is_bought_where_it_saves_more_than_it_costs():
    design = build(with_objective(EIGHT, "rom-bits+0.001*multiplier-bits"))
    assert multipliers(design)
    assert design.rom_bits == 16


def test_of_equal_latency_the_simplest_of_the_fewest_bits_is_taken():
    design = build(with_objective(EIGHT, "latency"))
    least = min(latency(each) for each in everything(EIGHT))
    assert latency(design) == least
    assert design.rom_bits == min(each.rom_bits for each in everything(EIGHT) if latency(each) == least)


def test_of_equal_costs_the_simpler_architecture_is_taken():
    # next to a huge scale GELU is relu, and the fold needs no table at all
    relu = Spec("gelu", "int6:scale=1e9", "int6:scale=1e9", "correct")
    free = [design.architecture for design in everything(relu) if design.rom_bits == 0]
    assert set(free) == {f"residual-{shape}" for shape in SHAPES}
    assert build(relu).architecture == "residual-table"
    for spec in SPECS:
        assert build(spec, cost=lambda _: 0).architecture == "table"


def test_a_cost_function_decides_and_sees_every_candidate():
    spec, seen = SPECS[0], []

    def cost(design):
        seen.append(design)
        return -design.rom_bits

    assert build(spec, cost).architecture == "table"
    assert {each.architecture for each in seen} == {each.architecture for each in everything(spec)}

    def words(design):
        return sum(term.depth for term in design.terms) + 1000 * (design.architecture == "table")

    assert words(build(spec, words)) == min(words(each) for each in everything(spec))


@pytest.mark.parametrize("fold", ["", "residual-"])
@pytest.mark.parametrize("shape", [each for each in SHAPES if each != "uniform-constant"])
def test_an_architecture_that_the_spec_names_is_taken_whatever_it_costs(fold, shape):
    spec = Spec("gelu", "q2.3", "q2.3", architecture=fold + shape, objective="rom-bits")
    assert {design.architecture for design in candidates(spec)} == {fold + shape}
    design, alone = build(spec), fit(spec, spec.golden(), get_architecture(fold + shape))
    # what turned out to be a polynomial of lower degree is left to that architecture, if there is another one
    degree = get_architecture(fold + shape).degree
    proper = any(term.degree == degree for term in alone.terms)
    assert design.rom_bits <= alone.rom_bits or (not proper and design.terms[0].degree == degree)


# -- refusals --------------------------------------------------------------------------------------------------


def test_a_guarantee_that_none_can_keep_is_refused_with_the_best_that_each_reached():
    spec = Spec("gelu", "q3.4", "q3.4", "ulp:0.1")
    with pytest.raises(GelugenError) as refusal:
        build(spec)
    message = str(refusal.value)
    assert "ulp:0.1 of gelu from q3.4 to q3.4" in message
    assert "at best " in message
    reached = dict(part.rsplit(" keeps ulp:", 1) for part in message.partition("at best ")[2].split(", "))
    assert reached
    for name, value in reached.items():
        assert check(build(Spec("gelu", "q3.4", "q3.4", f"ulp:{value}", architecture=name))).outside == 0
        with pytest.raises(GelugenError, match=f"at best it keeps ulp:{value}"):
            build(Spec("gelu", "q3.4", "q3.4", f"ulp:{float(value) - 1e-4:.4f}", architecture=name))


@pytest.mark.parametrize("name", ["spline", "", "Table", None, 3, ["table"]], ids=repr)
def test_an_unknown_architecture_is_refused_by_name(name):
    with pytest.raises(GelugenError) as refusal:
        get_architecture(name)
    assert repr(name) in str(refusal.value)
    assert "sum-of-tables" in str(refusal.value)
    assert "residual-" in str(refusal.value)


def test_underscores_count_as_hyphens():
    for name in ARCHITECTURES:
        assert get_architecture(name.replace("-", "_")).name == name


# -- what a design is measured by ------------------------------------------------------------------------------


def test_a_design_is_measured_over_every_code():
    spec = Spec("gelu", "q1.2", "q3.4", "faithful")  # 16 codes
    golden = spec.golden()
    accuracy = measure(build(Spec("gelu", "q1.2", "q3.4")))
    assert accuracy.correctly_rounded == 1.0
    assert accuracy.max_ulp <= 0.5
    assert (accuracy.outside, accuracy.first_outside) == (0, None)

    nothing = Design(spec, "mine", "none", ())  # 0 everywhere
    accuracy = measure(nothing)
    far = [code for code, y in zip(spec.input.codes().tolist(), golden.scaled.tolist(), strict=True) if abs(y) >= 2**32]
    assert accuracy.outside == len(far)
    assert accuracy.first_outside == far[0]
    assert accuracy.worst_code == 7  # gelu(1.75) is 26.9 ulp
    assert 26 < accuracy.max_ulp < 27
    assert accuracy.correctly_rounded == (golden.codes == 0).sum() / 16
    with pytest.raises(GelugenError, match=rf"faithful at {len(far)} codes, first at {far[0]}$"):
        check(nothing)
