"""The sizes that were asked for, and those that are reached: each design over every code, its bits counted again."""

import pytest

from gelugen.accuracy import check
from gelugen.architectures import get_architecture
from gelugen.design import Breakpoints, Dyadic
from gelugen.fit import fit
from gelugen.objectives import multiplier_bits
from gelugen.search import build
from gelugen.spec import Spec

NAMED = [  # format, guarantee, architecture, bits that were asked for at most, bits today
    ("q3.12", "faithful", "residual-dyadic-cubic", 205, 203),
    ("q3.12", "faithful", "residual-uniform-quadratic", 432, 421),
    ("q3.12", "faithful", "residual-dyadic-quadratic", 320, 318),
    ("q3.12", "faithful", "residual-uniform-cubic", 264, 261),
    ("q3.12", "faithful", "residual-uniform-linear", 2304, 2214),
    ("q3.12", "faithful", "residual-dyadic-linear", 1040, 1038),
    ("q3.12", "faithful", "residual-sum-of-tables", 4400, 1810),
    ("q3.12", "correct", "residual-dyadic-cubic", 1060, 998),
    ("q3.12", "correct", "residual-free-cubic", 1060, 924),
    ("q3.12", "correct", "residual-uniform-quadratic", 2575, 2519),
    ("q3.12", "correct", "residual-dyadic-quadratic", 1905, 1905),
    ("q3.12", "correct", "residual-dyadic-linear", 5980, 5612),
]
EIGHT = [  # format, excluded, bits that were asked for at most, bits today
    ("q3.4", ("multiplier",), 72, 34),
    ("q2.5", ("multiplier",), 192, 69),
    ("q1.6", ("multiplier",), 208, 155),
    ("q3.4", (), 40, 16),
    ("q2.5", (), 60, 25),
    ("q1.6", (), 110, 40),
]


def nodes(leaves):
    """The nodes of a binary tree with these leaves, which are taken from the list."""
    total = sum(1 << leaf for leaf in leaves)

    def subtree(length):
        if 1 << leaves[0] == length:
            leaves.pop(0)
            return 1
        return 1 + subtree(length // 2) + subtree(length // 2)

    return subtree(total)


def stored_bits(design):
    """Every bit that a design stores: its words written out, the base of each column, the tree or the breakpoints."""
    bits = 0
    for term in design.terms:
        for word in term.words():
            bits += len(f"{word:0{term.width}b}") if term.width else 0
        for column in term.coefficients:
            base = column.base
            bits += next(each for each in range(40) if -(1 << each >> 1) * (base < 0) <= base < 1 << each)
        if isinstance(term.map, Dyadic):
            bits += nodes(list(term.map.leaves))
        elif isinstance(term.map, Breakpoints):
            points = [point for point in term.map.points if bin(point).count("1") > 1]
            bits += len(points) * len(f"{term.map.points[-1]:b}")
    return bits


@pytest.mark.parametrize(("form", "guarantee", "architecture", "goal", "today"), NAMED)
def test_an_architecture_keeps_the_guarantee_with_the_bits_asked_for(form, guarantee, architecture, goal, today):
    spec = Spec("gelu", form, form, guarantee, architecture=architecture)
    design = fit(spec, spec.golden(), get_architecture(architecture))
    assert check(design).outside == 0
    assert stored_bits(design) == design.rom_bits
    assert today <= goal
    assert design.rom_bits == today
    if architecture.endswith("tables"):
        assert multiplier_bits(design) == 0


@pytest.mark.parametrize(("form", "exclude", "goal", "today"), EIGHT)
def test_8_bits_are_correctly_rounded_with_the_bits_asked_for(form, exclude, goal, today):
    design = build(Spec("gelu", form, form, "correct", objective="rom-bits", exclude=exclude))
    assert check(design).correctly_rounded == 1
    assert stored_bits(design) == design.rom_bits
    assert today <= goal
    assert design.rom_bits == today
    assert not (exclude and multiplier_bits(design))
