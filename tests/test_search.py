"""The search takes the cheapest design that keeps the guarantee, and of equal ones the simplest."""

import pytest

from gelugen.accuracy import check, measure
from gelugen.architectures import ARCHITECTURES, get_architecture
from gelugen.design import Design
from gelugen.errors import GelugenError
from gelugen.fit import fit
from gelugen.search import build, candidates, rom_bits
from gelugen.spec import Spec

SPECS = [
    Spec("gelu", "q3.4", "q3.4"),
    Spec("gelu", "q2.5", "q2.5", "faithful"),
    Spec("gelu_tanh", "q3.4", "q1.6", "ulp:2.5"),
    Spec("gelu_sigmoid", "int8:scale=0.05,zero_point=-3", "int8:scale=0.03,zero_point=-120"),
    Spec("gelu", "int8:scale=1e9", "int8:scale=1e9", "faithful"),
]


def each_fit(spec):
    """Every architecture that keeps the guarantee, with its design."""
    fits = {}
    for name, architecture in ARCHITECTURES.items():
        try:
            fits[name] = fit(spec, spec.golden(), architecture)
        except GelugenError:
            continue
    return fits


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.default_name())
def test_candidates_are_one_fit_of_each_architecture_simplest_first(spec):
    fits = each_fit(spec)
    assert list(candidates(spec)) == list(fits.values())
    assert [design.architecture for design in candidates(spec)] == [name for name in ARCHITECTURES if name in fits]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.default_name())
def test_build_takes_the_fewest_rom_bits(spec):
    fits = each_fit(spec)
    design = build(spec)
    assert design.rom_bits == min(each.rom_bits for each in fits.values())
    assert design == fits[design.architecture]
    assert check(design).outside == 0


@pytest.mark.parametrize(
    ("spec", "architecture"),
    [
        (SPECS[0], "residual-uniform-linear"),
        (SPECS[3], "uniform-linear"),
    ],
)
def test_the_architecture_that_wins_by_example(spec, architecture):
    assert build(spec).architecture == architecture


def test_of_equal_costs_the_simpler_architecture_is_taken():
    # next to a huge scale GELU is relu, and both folds need no table at all
    relu = Spec("gelu", "int8:scale=1e9", "int8:scale=1e9", "correct")
    free = [design.architecture for design in candidates(relu) if design.rom_bits == 0]
    assert free == ["residual-table", "residual-uniform-linear"]
    assert build(relu).architecture == "residual-table"
    for spec in SPECS:
        assert build(spec, cost=lambda design: 0).architecture == "table"  # noqa: ARG005


def test_a_cost_function_decides():
    spec = SPECS[0]
    seen = []

    def cost(design):
        seen.append(design.architecture)
        return -design.rom_bits

    assert build(spec, cost).architecture == "table"
    assert seen == list(ARCHITECTURES)

    def entries(design):
        return sum(term.depth for term in design.terms) + 1000 * (design.fold == "residual")

    depths = {design.architecture: entries(design) for design in candidates(spec)}
    assert build(spec, entries).architecture == min(depths, key=depths.get) == "uniform-linear"


def test_the_default_cost_is_the_rom_bits():
    design = build(SPECS[0])
    assert rom_bits(design) == design.rom_bits
    assert build(SPECS[0], rom_bits) == design


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_that_the_spec_names_is_taken_whatever_it_costs(name):
    spec = Spec("gelu", "q3.4", "q3.4", architecture=name)
    assert [design.architecture for design in candidates(spec)] == [name]
    assert build(spec) == fit(spec, spec.golden(), get_architecture(name))


@pytest.mark.parametrize("name", ["residual-table", "residual-uniform-linear"])
def test_an_architecture_that_cannot_is_left_out_of_auto_and_refused_by_name(name):
    fields = ("gelu", "int8:scale=0.05", "int8:scale=0.03")
    assert [design.architecture for design in candidates(Spec(*fields))] == ["table", "uniform-linear"]
    with pytest.raises(GelugenError, match=name):
        build(Spec(*fields, architecture=name))


def test_a_guarantee_that_none_can_keep_is_refused_with_the_reach_of_the_simplest():
    with pytest.raises(GelugenError, match=r"architecture table cannot keep the guarantee ulp:0\.1 .* at best"):
        build(Spec("gelu", "q3.4", "q3.4", "ulp:0.1"))


@pytest.mark.parametrize("name", ["spline", "", "Table", None, 3, ["table"]], ids=repr)
def test_an_unknown_architecture_is_refused_by_name(name):
    with pytest.raises(GelugenError) as refusal:
        get_architecture(name)
    assert repr(name) in str(refusal.value)
    assert "residual-table" in str(refusal.value)


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
