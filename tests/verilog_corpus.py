"""What the Verilog templates are mutated for: the designs of both languages, and those that only Verilog tells apart.

All are small, made by hand and approximate nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from mutation import mutated
from mutation_corpus import CORPUS as BOTH
from mutation_corpus import Entry, deepest, drawn, entry, form, made

from gelugen.bank import Bank
from gelugen.bank_spec import BankSpec
from gelugen.design import Breakpoints, Coefficient, Design, Dyadic, Term, Uniform
from gelugen.digits import Digit, Digits
from gelugen.emit import bank, emit, writing
from gelugen.emit.rendering import environment
from gelugen.emit.wiring import borrows_of, columns
from gelugen.formats import Format
from gelugen.maps import Map
from gelugen.spec import Target
from gelugen.synthesis.resubstitution import start
from gelugen.target import NETWORK, STYLES


def digit_term(
    seed: int, segments: Map, depth: int, *each: tuple[int, int], bits: int, width: int = 6, **how: int
) -> Term:
    """A term of random words in digits of these powers and weights.

    Args:
        seed: of the words.
        segments: the map.
        depth: the number of words.
        each: power and weight of every digit.
        bits: of z.
        width: of c_0.
        how: ``drop`` and ``base`` of c_0; flags of the digits, such as ``reverse`` and ``subtract``.
    """
    flags = {name: bool(how.pop(name)) for name in how.keys() - {"drop", "base"}}
    lowest = drawn(seed, width, True, depth, **how)
    columns = [drawn(seed + number, 2, False, depth) for number in range(1, len(each) + 1)]
    return Term(segments, (lowest, *columns), (), Digits(tuple(Digit(*one) for one in each), bits, **flags))


def in_styles(name: str, design: Design, **written: object) -> dict[str, Entry]:
    """A design in every style, by its name and the style's."""
    return {f"{name}_{style}": entry(design, style=style, **written) for style in STYLES}


def with_network(design: Design) -> str:
    """The style of a network for a design, without a search for a small one."""
    borrows = borrows_of(design)
    assert borrows is not None
    return NETWORK + start(borrows.bits, columns(borrows)).text()


ZONES = Dyadic((2, 2, 2, 2, 4, 5))
"""Three zones; two of them take a row."""
SIX: tuple[Format, Format] = (form(6), form(6))

LINE_IN_DIGITS = made(*SIX, digit_term(200, Uniform(3), 8, (1, 0), (1, -2), bits=3), bias=5, shift=1)
SQUARE = made(*SIX, digit_term(210, Uniform(4), 4, (1, 1), (2, 0), (1, -1), bits=4, reverse=1), bias=-3, shift=2)
SQUARE_OF_THREE_BITS = made(*SIX, digit_term(220, Uniform(3), 8, (2, 1), (1, 0), bits=3, subtract=1, drop=1), shift=1)
SQUARE_OF_SIX_BITS = made(form(7), form(7), digit_term(225, Uniform(6), 2, (2, 0), (1, 0), bits=6, width=7), shift=1)
PAIRED = made(form(9), form(8), digit_term(600, Uniform(4), 32, (1, 0), (2, 0), bits=5, width=8, paired=1), shift=1)
FOLDED = made(
    *SIX,
    digit_term(230, Uniform(3), 4, (1, 0), (2, -1), bits=3),
    fold="residual",
    first=-1,
    bias=7,
    shift=2,
    line_shift=1,
)
THREE_ZONES = made(*SIX, digit_term(240, ZONES, 6, (1, 0), (1, 1), bits=3), shift=1)
TWO_ZONES = made(*SIX, digit_term(250, Dyadic((3, 3, 3, 3, 5)), 5, (1, 0), bits=3), shift=1)
ZONES_AND_PAST = made(
    *SIX, digit_term(260, Dyadic((2, 2, 3, 4)), 4, (1, 0), (1, -1), bits=4), fold="odd", bias=3, shift=1
)
FOUR_ZONES = made(*SIX, digit_term(270, Dyadic((3, 2, 2, 4, 5)), 5, (1, 0), (1, -2), bits=5), bias=1, shift=1)
FOUR_ZONES_AND_PAST = made(
    *SIX, digit_term(280, Dyadic((3, 2, 2, 1, 1, 2, 3, 5)), 7, (1, 0), bits=2), fold="even", shift=1
)
EQUAL_LEAVES = made(*SIX, digit_term(290, Dyadic((3,) * 8), 8, (1, 0), bits=3), shift=1)
TWO_OF_DIGITS = made(
    *SIX,
    digit_term(300, Uniform(3), 8, (1, 0), (2, 0), bits=3),
    digit_term(310, Uniform(4), 4, (1, -1), bits=4, width=4, base=3),
    bias=-5,
    shift=1,
)
BORROWS = made(
    *SIX,
    Term(Uniform(0), (Coefficient((0, 1, 2, 1, 1, 0, 3, 2, 1, 0, 0, 2, 1), 2, False),)),
    fold="residual",
)
BORROWS_OF_ONE_BIT = made(*SIX, Term(Uniform(2), (Coefficient((0, 1, 1, 0, 1), 1, False),)), fold="residual")
BORROWS_OF_FOUR_BITS = made(
    *(form(7), form(7)),
    Term(Uniform(0), (Coefficient((0, 1, 2, 3, 1, 5, 3, 2, 8, 7, 9, 4, 12, 0, 14, 15, 1, 3), 4, False),)),
    fold="residual",
)
FROM_ZERO = made(
    *SIX, Term(Uniform(3, 0), (drawn(320, 6, True, 8), drawn(321, 3, True, 8)), (2,), leak=-1), bias=3, shift=1
)
FROM_THE_MIDDLE = made(
    *SIX,
    Term(
        Dyadic((4, 3, 3, 5), 32),
        (drawn(330, 6, True, 4), drawn(331, 4, True, 4), drawn(332, 3, True, 4)),
        (2, 1),
        leak=1,
    ),
    first=-32,
    shift=3,
)
FROM_THE_MIDDLE_FOLDED = made(
    *SIX,
    Term(Uniform(2, 16), (drawn(340, 6, True, 8), drawn(341, 4, True, 8)), (1,), leak=1),
    fold="odd",
    first=-1,
    shift=2,
)
ONES = made(
    *(form(5), form(5)),
    Term(Uniform(2), (drawn(350, 6, True, 3), drawn(351, 4, True, 3))),
    fold="residual",
    bias=3,
    shift=2,
    first=-1,
)
BASED = made(
    *(form(5), form(6)),
    Term(Uniform(2), (drawn(360, 5, True, 4, 0, 3), drawn(361, 3, True, 4, 0, 1)), (1,)),
    fold="residual",
    bias=3,
    shift=1,
)

CORPUS: dict[str, Entry] = {
    **BOTH,
    **in_styles("digits", LINE_IN_DIGITS),
    **in_styles("square", SQUARE),
    **in_styles("square_of_three_bits", SQUARE_OF_THREE_BITS, pipeline=0),
    **in_styles("paired", PAIRED),
    **in_styles("paired_combinational", PAIRED, pipeline=0),
    "square_of_six_bits": entry(SQUARE_OF_SIX_BITS),
    "deepest_square": entry(SQUARE, pipeline=deepest(SQUARE)),
    "digits_written": entry(LINE_IN_DIGITS, writable=True),
    "square_in_block": entry(SQUARE, rom="block"),
    "square_of_two_lanes": entry(SQUARE, lanes=2),
    **in_styles("folded", FOLDED, pipeline=0),
    "deepest_folded": entry(FOLDED, pipeline=deepest(FOLDED), style="xc7"),
    **in_styles("three_zones", THREE_ZONES),
    **in_styles("two_zones", TWO_ZONES, pipeline=0),
    **in_styles("zones_and_past", ZONES_AND_PAST),
    **in_styles("four_zones", FOUR_ZONES),
    **in_styles("four_zones_and_past", FOUR_ZONES_AND_PAST, pipeline=0),
    "four_zones_in_block": entry(FOUR_ZONES, rom="block"),
    "equal_leaves": entry(EQUAL_LEAVES),
    **in_styles("two_of_digits", TWO_OF_DIGITS),
    "borrows": entry(BORROWS, style="ice40", pipeline=0),
    "borrows_of_two_lanes": entry(BORROWS, style="ice40", pipeline=0, lanes=2),
    "borrows_of_one_bit": entry(BORROWS_OF_ONE_BIT, style="ice40", pipeline=0),
    "borrows_of_four_bits": entry(BORROWS_OF_FOUR_BITS, style="ice40", pipeline=0),
    "borrows_of_a_network": entry(BORROWS, style=with_network(BORROWS), pipeline=0),
    "from_zero": entry(FROM_ZERO),
    "from_the_middle": entry(FROM_THE_MIDDLE),
    "from_the_middle_folded": entry(FROM_THE_MIDDLE_FOLDED, pipeline=deepest(FROM_THE_MIDDLE_FOLDED)),
    "from_the_middle_in_block": entry(FROM_THE_MIDDLE, rom="block"),
    "leaves": entry(
        made(*SIX, Term(Uniform(1), (drawn(370, 6, True, 32), drawn(371, 3, True, 32))), shift=1), style="ice40"
    ),
    "leaves_of_seven": entry(
        made(form(7), form(6), Term(Uniform(0), (drawn(380, 6, True, 128),)), bias=1), style="ice40", pipeline=0
    ),
    "leaves_of_bits": entry(
        made(*SIX, Term(Uniform(0), (Coefficient(tuple(range(64)), 6, False),)), bias=-31), style="ice40", pipeline=0
    ),
    **in_styles("ones", ONES),
    **in_styles("based", BASED),
    **in_styles(
        "ones_even",
        made(*SIX, Term(Uniform(2), (drawn(390, 5, True, 8), drawn(391, 3, True, 8))), fold="even", first=-1),
    ),
    **in_styles("past", made(*SIX, Term(Uniform(2), (drawn(396, 5, True, 5),)), fold="residual", bias=9, shift=1)),
    "wide_bias": entry(made(form(5), form(6), Term(Uniform(0), (drawn(397, 5, False, 32, 0, -20),)), bias=17)),
    "ones_unsigned": entry(
        made(
            form(5, False),
            form(6),
            Term(Uniform(2), (drawn(393, 5, True, 6), drawn(394, 3, True, 6))),
            fold="even",
            first=-1,
        )
    ),
    "points_in_xc7": entry(
        made(*SIX, Term(Breakpoints((0, 3, 9, 20)), (drawn(395, 5, True, 3),)), fold="residual", shift=1), style="xc7"
    ),
}

# -- banks ---------------------------------------------------------------------------------------------------


def bank_of(*members: Design) -> Bank:
    """A bank of designs."""
    return Bank(BankSpec({f"member{number}": each.spec for number, each in enumerate(members)}), members)


TABLES = [made(form(5), form(5), Term(Uniform(0), (drawn(400 + number, 5, True, 32),))) for number in range(4)]
SLOW = made(
    form(5), form(5), Term(Uniform(2), (drawn(410, 6, True, 4), drawn(411, 4, True, 4))), fold="residual", shift=2
)
FOLDED_TABLE = made(form(5), form(5), Term(Uniform(0), (drawn(412, 5, True, 12),)), fold="odd")

FOUR = bank_of(*TABLES)
SOME_THE_SAME = bank_of(*TABLES[:3], *TABLES[:3])
FIRST_AGAIN = bank_of(*TABLES[:3], TABLES[0])
ALL_THE_SAME = bank_of(SLOW, SLOW, SLOW)
CORES = bank_of(SLOW, TABLES[0], FOLDED_TABLE, TABLES[0], SLOW, FOLDED_TABLE)

BANKS: dict[str, tuple[Bank, Mapping[str, Any]]] = {
    "four": (FOUR, {}),
    "four_of_two_lanes": (FOUR, {"lanes": 2, "stream": True}),
    "four_combinational": (FOUR, {"pipeline": 0}),
    "two": (bank_of(*TABLES[:2]), {"rom": "block"}),
    "some_the_same": (SOME_THE_SAME, {}),
    "first_again_of_four_lanes": (FIRST_AGAIN, {"lanes": 4, "pipeline": 2}),
    "all_the_same": (ALL_THE_SAME, {"stream": True}),
    "cores": (CORES, {}),
    "cores_combinational": (CORES, {"pipeline": 0}),
    "cores_of_one_register": (CORES, {"pipeline": 1}),
    "cores_of_two_lanes": (CORES, {"lanes": 2, "stream": True}),
    "cores_in_memory": (CORES, {"rom": "block", "pipeline": 3}),
}
"""Banks, and how they are written; tables of those ``in_memory`` are read from files."""


@dataclass(frozen=True)
class RenderedBank:
    """A bank's files, and what its template was given."""

    files: Mapping[str, str]
    context: Mapping[str, Any]

    @classmethod
    def of(cls, name: str) -> "RenderedBank":
        """A bank of the corpus."""
        unit, written = BANKS[name]
        given: dict[str, Any] = {}

        def render(template: str, **context: Any) -> str:
            given.update(context)
            return environment().get_template(template).render(context)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bank, "render", render)
            if name.endswith("in_memory"):
                patch.setattr(writing, "LARGEST_SOURCE", 1)
            return cls(emit(unit, Target(name, **written)), given)

    def with_template(self, language: str, source: str, inner: str = "", **more: Any) -> str:
        """The module with another text for one of its templates, and more for its context."""
        del language
        outer = "verilog/bank.v.j2"
        return str(mutated(outer, inner or outer, source).render({**self.context, **more}))
