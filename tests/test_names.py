"""What the C of a unit defines, and that the names of two units never meet."""

import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_c_interface import UNITS
from test_c_kernels import BANKS, FORMS

from gelugen.emit import c
from gelugen.emit.contract import Contract
from gelugen.errors import GelugenError
from gelugen.identifiers import check_identifier
from gelugen.spec import Spec, Target
from gelugen.units import build

HOLDER = "Zq"
SHARED = {"GELUGEN_STORAGE", "GELUGEN_READ"}
OWN = re.compile(
    rf"{HOLDER}(_n|_impl_\w+|_(INPUT|OUTPUT|GATE|UP)_(SCALE|ZERO_POINT|BITS|MIN|MAX)(_\w+)?|_SELECT_\w+)?|GELUGEN_{HOLDER}_H"
)
ARCHITECTURES = (
    "table",
    "residual-free-quadratic",
    "residual-dyadic-linear",
    "sum-of-tables",
    "residual-uniform-digit-quadratic",
    "uniform-code-quadratic",
)


@cache
def texts():
    """The C of units of every kind, without comments and strings."""
    units = [build(each) for each in UNITS.values()]
    units += [design for design, _ in FORMS.values()] + [made() for made in BANKS.values()]
    units += [build(Spec("gelu", "q3.4", "q3.4", architecture=name)) for name in ARCHITECTURES]
    found = []
    for unit in units:
        for header in ("single", "split"):
            target = Target(HOLDER, header=header)
            for text in c.files(unit, target, Contract.of(unit, target)).values():
                found.append(re.sub(r"/\*.*?\*/|\"[^\"\n]*\"", " ", text, flags=re.DOTALL))
    return found


@cache
def endings():
    """What all names that begin with a unit's own, or hold it, add to it: (before, after)."""
    words = {word for text in texts() for word in re.findall(r"\w+", text) if HOLDER in word}
    return sorted(tuple(word.split(HOLDER)) for word in words)


def test_all_that_is_defined_has_one_of_the_known_names():
    defined = set()
    for text in texts():
        defined |= set(re.findall(r"^#define (\w+)", text, re.MULTILINE)) - SHARED
        for line in re.findall(r"^[A-Za-z_][^\n;{]*", text, re.MULTILINE):
            if not line.startswith("extern"):
                line = re.sub(r"__attribute__\(\(.*?\)\)", " ", line)
                declared = re.search(r"(\w+)\s*(?=[\[(]|$)", line.partition(" = ")[0])
                assert declared, line
                defined.add(declared[1])
    assert {each for each in defined if not OWN.fullmatch(each)} == set()
    words = {HOLDER.join(pair) for pair in endings()}
    assert {word for word in words if not OWN.fullmatch(word)} == set()
    assert len(words) > 60
    assert defined <= words


def names_of(name):
    return {f"{before}{name}{after}" for before, after in endings()}


@cache
def cuts():
    """What may be put behind a name so that it looks like one that the unit itself defines, or begins as one does."""
    pieces = {tuple(after.split("_")[1:at]) for _, after in endings() for at in range(2, after.count("_") + 2)}
    return sorted("".join(f"_{part}" for part in each) for each in pieces)


def parts():
    found = {part for cut in cuts() for part in cut.split("_") if part}
    return st.sampled_from(sorted(found | {"gelu", "H", "GELUGEN", "gelugen"}))


def is_name(name):
    try:
        check_identifier(name)
    except GelugenError:
        return False
    return True


def meet(one, two):
    return one != two and is_name(one) and is_name(two) and bool(names_of(one) & names_of(two))


@pytest.mark.parametrize("name", ["gelu", "x", "acts_m0", "a_", "H", "impl", "n", "GELUGEN"])
def test_no_name_meets_one_that_begins_as_its_own_names_do(name):
    assert len(cuts()) > 60
    assert not [cut for cut in cuts() if meet(name, name + cut)]
    assert not [pair for pair in endings() if meet(name, pair[0] + name + pair[1])]


@given(
    st.lists(parts(), min_size=1, max_size=3), st.lists(st.sampled_from(cuts()) | parts().map("_".__add__), max_size=3)
)
def test_the_names_of_two_units_never_meet(first, more):
    assert not meet("_".join(first), "_".join(first) + "".join(more))


@pytest.mark.parametrize("ending", ["_n", "_impl", "_impl_m0", "_INPUT_SCALE", "_SELECT_n", "_OUTPUT"])
def test_a_name_that_another_unit_may_use_is_refused(ending):
    with pytest.raises(GelugenError, match="could be that of another design's"):
        check_identifier(f"gelu{ending}")
