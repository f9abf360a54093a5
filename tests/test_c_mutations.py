"""Do the checks of the C text check? Every operator and constant of its template is changed, and a tool must notice.

``mutation.py`` makes the mutants. Each is rendered for a corpus of small hand-made designs that reaches every branch of
the template; those that a mutant changes become one program, which is compiled with strict warnings as errors and the
sanitizer and run over all codes. What survives must stand in ``SURVIVORS`` with the reason why it computes the same.
"""

import random
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import tally
from mutation import Mutant, mutants, mutated
from mutation_corpus import CORPUS as COMMON
from mutation_corpus import drawn, form, made, shared

from gelugen.accuracy import Accuracy
from gelugen.assets import folder as asset_folder
from gelugen.design import Breakpoints, Coefficient, Design, Dyadic, Offset, Term, Uniform
from gelugen.digits import Digit, Digits
from gelugen.emit import c
from gelugen.emit.c import header
from gelugen.emit.contract import Contract
from gelugen.emit.rendering import environment
from gelugen.spec import Target
from gelugen.verify.c import STRICT

INNER, OUTER = "c/function.j2", "c/header.h.j2"

# -- the corpus: that of both languages, and what only C tells apart -----------------------------------------


def digits(seed: int, depth: int, *weights: tuple[int, int], bits: int, **flags: bool) -> dict[str, Any]:
    """The columns of so many digits, behind a c_0, and what they are."""
    columns = tuple(drawn(seed + at, 2, False, depth) for at in range(len(weights)))
    return {
        "coefficients": (drawn(seed + 50, 4, True, depth), *columns),
        "digits": Digits(tuple(Digit(*each) for each in weights), bits, **flags),
    }


def spread(first: int, step: int, count: int) -> Breakpoints:
    """Segments of equal length that are no power of two."""
    return Breakpoints(tuple(range(first, first + step * (count + 1), step)))


def wide(seed: int, segment_map: Breakpoints | Dyadic, depth: int, *widths: int, **numbers: Any) -> Design:
    """A design of 10 bits, so that its segments are long beside their number."""
    columns = tuple(drawn(seed + at, width, True, depth) for at, width in enumerate(widths))
    return made(form(10), form(10), Term(segment_map, columns), **numbers)


ONLY = {
    "looked_for": wide(200, Breakpoints((3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 499)), 10, 8, fold="residual"),
    "looked_for_lines": wide(
        210, Breakpoints((0, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 400)), 12, 8, 4, fold="residual", shift=2
    ),
    "near": wide(220, spread(3, 31, 15), 15, 9, 5, shift=1, fold="residual"),
    "near_leaves": wide(230, Dyadic((5,) * 4 + (4,) * 4 + (0, 0, 1, 2, 3, 4, 5, 8, 9)), 17, 9, 5, shift=2),
    "segments_told": wide(240, Dyadic((4, 4, 5, 6, 7, 8, 9)), 7, 9, 6, 5, shift=4),
    "segments_told_from_the_middle": wide(250, Breakpoints((64, 128, 256, 320, 512, 960)), 5, 9, 6, 5, shift=4),
    "segments_told_up_to_an_end": wide(
        255, Dyadic((4, 4, 5, 6, 7, 4, 4, 5, 6, 7)), 9, 9, 9, 9, 9, shift=9, fold="even", first=-1
    ),
    "counted": wide(260, Breakpoints((0, 33, 71, 300)), 3, 9, 4, fold="odd", shift=1),
    "counted_from_the_middle": wide(265, Breakpoints((7, 33, 71, 300, 501)), 4, 9, 4, fold="complement", one=9),
    "counted_by_five": wide(270, Breakpoints((7, 33, 71, 300, 401, 440, 501, 511)), 7, 9, fold="even", offset=-3),
    "all_leaves_shorter": made(
        form(6), form(7), Term(Dyadic((2, 2, 3, 4, 5)), (drawn(280, 5, True, 2), drawn(281, 4, True, 2)))
    ),
    "bare_leaf": made(form(5), form(7), Term(Dyadic((3, 3)), (drawn(282, 5, True, 1),)), fold="residual", first=-1),
    "leaking": made(
        form(6),
        form(7),
        Term(Uniform(3, 0), (drawn(284, 6, True, 4), drawn(285, 4, True, 4), drawn(286, 3, True, 4)), (1, 2), leak=1),
        fold="residual",
    ),
    "leaking_down": made(
        form(6),
        form(7),
        Term(Uniform(3, 32), (drawn(287, 6, True, 8), drawn(288, 4, True, 8)), (2,), leak=-1),
        first=-32,
        shift=1,
    ),
    "digits": made(
        form(6),
        form(7),
        Term(Uniform(3), **digits(300, 4, (1, 1), (1, -1), (1, -2), bits=3)),
        fold="residual",
        bias=3,
        shift=1,
    ),
    "digits_back": made(
        form(6),
        form(7),
        Term(Uniform(4), **digits(310, 3, (1, 0), (1, -2), bits=3, reverse=True, subtract=True)),
        bias=-3,
    ),
    "digits_squared": made(
        form(8),
        form(8),
        Term(Dyadic((5, 5, 6, 7)), **digits(320, 4, (1, 1), (2, 0), (2, -2), bits=5, subtract=True)),
        fold="even",
    ),
    "digits_squared_back": made(
        form(8),
        form(8),
        Term(Uniform(5), **digits(330, 8, (1, 1), (2, 1), (2, -1), bits=5, reverse=True)),
        shift=1,
    ),
    "digits_twice": made(
        form(6),
        form(7),
        Term(Uniform(3), **digits(340, 8, (1, 1), (1, -1), bits=3)),
        Term(Uniform(4), **digits(350, 3, (1, 0), (2, -1), bits=4)),
        shift=1,
    ),
    "digits_paired": made(
        form(9), form(9), Term(Uniform(4), **digits(400, 32, (1, 0), (2, 0), bits=5, paired=True)), shift=1
    ),
    "digits_paired_of_more_bits": made(
        form(10), form(10), Term(Uniform(7), **digits(410, 7, (1, 0), (2, -1), bits=8, paired=True)), fold="even"
    ),
    "digits_shared": made(
        form(6),
        form(7),
        Term(
            Uniform(3),
            (
                drawn(360, 4, True, 8),
                Coefficient((2,) * 8, 2, False),
                Coefficient((3,) * 8, 2, False),
                Coefficient((1,) * 8, 2, False),
            ),
            digits=Digits((Digit(1, 0), Digit(1, -1), Digit(2, 0)), 3),
        ),
    ),
    "longer": made(
        form(5),
        form(8),
        Term(Uniform(2), (drawn(370, 31, True, 4), drawn(371, 30, True, 4), drawn(372, 9, True, 4, 3)), (3, 1)),
        fold="residual",
        line_shift=28,
        line_drop=28,
        shift=12,
    ),
    "longer_odd": made(
        form(5), form(8), Term(Uniform(2), (drawn(373, 31, True, 3), drawn(374, 30, True, 3))), fold="odd", shift=26
    ),
    "mirrored_twice": made(
        form(6),
        form(8),
        Term(Offset(4, 1, 3), (drawn(380, 4, True, 13, 1),)),
        Term(Offset(4, 0, 3), (drawn(381, 4, False, 13, 2),)),
        Term(Uniform(2), (shared(0, 11), drawn(382, 4, True, 11))),
        fold="residual",
        shift=2,
        bias=5,
    ),
    "line_dropped": made(
        form(6),
        form(6),
        Term(Uniform(2), (drawn(390, 7, True, 6),)),
        fold="residual",
        line_shift=2,
        line_drop=2,
        offset=3,
        bias=99,
    ),
    "line_of_negatives": made(
        form(6, True, 31), form(7), Term(Uniform(2), (drawn(391, 7, False, 9),)), fold="residual", shift=1
    ),
    "complement_of_one": made(
        form(6), form(7), Term(Uniform(2), (drawn(392, 6, True, 5),)), fold="complement", one=-1, first=-1
    ),
}
CORPUS: dict[str, Design] = {}
for _name, _entry in COMMON.items():
    if _entry.design not in CORPUS.values():
        CORPUS[_name] = _entry.design
CORPUS |= ONLY


@dataclass(frozen=True)
class Rendered:
    """A design's header, and what the template was given."""

    design: Design
    text: str
    context: Mapping[str, Any]

    @classmethod
    def of(cls, name: str) -> "Rendered":
        contexts: dict[str, Mapping[str, Any]] = {}

        def render(template: str, **context: Any) -> str:
            contexts[template] = context
            return environment().get_template(template).render(context)

        contract = Contract(Accuracy(0, 0, 0, 0, 0, None), (("design", "made by hand for a test"),))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(header, "render", render)
            files = c.files(CORPUS[name], Target(name, header="single"), contract)
        return cls(CORPUS[name], files[f"{name}.h"], contexts[OUTER])

    def mutated(self, source: str) -> str:
        """The header with another text of the template."""
        return str(mutated(OUTER, INNER, source).render(self.context))


@pytest.fixture(scope="module")
def corpus() -> dict[str, Rendered]:
    return {name: Rendered.of(name) for name in CORPUS}


# -- one program of many designs -----------------------------------------------------------------------------

SANITIZER = ("-fsanitize=undefined", "-fno-sanitize-recover=all")


def ends_well(texts: Mapping[str, str], folder: Path) -> bool:
    """Whether the headers compile, run, and give the codes of their designs."""
    calls, expected = [], []
    for name, text in texts.items():
        (folder / f"{name}.h").write_text(text)
        form = CORPUS[name].spec.input
        calls.append(f"    for (i = {form.code_min}; i <= {form.code_max}; i++) show({name}(({c.container(form)})i));")
        expected.append(CORPUS[name].eval(form.codes()))
    lines = [*(f'#include "{name}.h"' for name in texts), "#include <stdio.h>"]
    lines += ["static void show(long y)", "{", "    (void)fwrite(&y, sizeof y, 1, stdout);", "}"]
    lines += ["int main(void)", "{", "    int i;", *calls, "    return 0;", "}", ""]
    (folder / "main.c").write_text("\n".join(lines))
    words = ["gcc", "-std=c99", "-O1", *STRICT, *SANITIZER, "main.c", "-o", "main"]
    if subprocess.run(words, cwd=folder, capture_output=True, check=False).returncode:
        return False
    ran = subprocess.run(["./main"], cwd=folder, capture_output=True, check=False, timeout=60)
    codes = np.concatenate(expected)
    return ran.returncode == 0 and ran.stdout == codes.astype(np.int64).tobytes()


def template() -> str:
    return (asset_folder("templates") / INNER).read_text(encoding="utf-8")


def all_mutants() -> list[Mutant]:
    return mutants(template(), "c")


A_PROGRAM = 12
"""So many designs go into a program: the first program kills most mutants."""


def survives(mutant: Mutant, corpus: Mapping[str, Rendered], folder: Path) -> bool:
    """Whether nothing notices a mutant."""
    texts = {}
    for name, each in corpus.items():
        text = each.mutated(mutant.source)
        if text != each.text:
            texts[name] = text
    names = list(texts)
    random.Random(mutant.id).shuffle(names)  # noqa: S311 - an order, not a secret
    for start in range(0, len(names), A_PROGRAM):
        if not ends_well({name: texts[name] for name in names[start : start + A_PROGRAM]}, folder):
            return False
    return True


def survivors(found: Iterable[Mutant], corpus: Mapping[str, Rendered], folder: Path) -> set[str]:
    """The names of the mutants that nothing notices; the tally is printed."""
    some = list(found)
    alive = {mutant.id for mutant in some if survives(mutant, corpus, folder)}
    tally(f"c: {len(some)} mutants, {len(some) - len(alive)} killed, {len(alive)} survive")
    return alive


_SHIFTED = "gcc's right shift keeps the sign, so that both ways give the same; the other way is for other compilers"
_CONVERTED = "C converts to the same value without the cast"
_HALF_WAY_ROUND = "half of 2^bits added or taken away is the same in so many bits"
_AT_BOUND = "at the bound, the only value that goes the other way, both ways give the bound"

SURVIVORS = {
    "return value [< -> <=] 0 ? ~(~value >> shift...": _SHIFTED,
    "return value [< -> >] 0 ? ~(~value >> shift...": _SHIFTED,
    "return value < [0 -> 1] ? ~(~value >> shift) ...": _SHIFTED,
    'const {{ int }} {{ table.flip }} = -[drop ({{ int }})]({{ "(u >> " ~ (table....': _CONVERTED,
    "...table.layout.binary %}({{ int }})u - [drop ({{ int }})]{{ entry(table.finder....": _CONVERTED,
    "...le) if not table.mirrors }}    v -= ([drop ({{ int }})]{{ entry(table.own, ta...": _CONVERTED,
    "const int32_t k = [drop (int32_t)]x{{ -input.zero_point ...": _CONVERTED,
    "... {% if design.first %}((uint32_t)x{{ [drop -]design.first | uplus }...": _HALF_WAY_ROUND,
    "y = y [< -> <=] {{ output.code_min | ...": _AT_BOUND,
    "y = y < {{ output.code_min | [one more: ]dec }} ? {{ output.cod...": _AT_BOUND,
    "y = y [> -> >=] {{ output.code_max | ...": _AT_BOUND,
    "y = y > {{ output.code_max | [one less: ]dec }} ? {{ output.cod...": _AT_BOUND,
}


@pytest.mark.needs("cc")
def test_every_design_of_the_corpus_gives_its_codes(corpus: Mapping[str, Rendered], tmp_path: Path) -> None:
    assert ends_well({name: each.text for name, each in corpus.items()}, tmp_path)


def test_the_survivors_are_mutants_and_no_two_mutants_share_a_name(corpus: Mapping[str, Rendered]) -> None:
    found = all_mutants()
    names = {mutant.id for mutant in found}
    assert len(names) == len(found) == len({mutant.source for mutant in found}) > 200
    assert set(SURVIVORS) <= names
    for each in corpus.values():
        assert each.mutated(template()) == each.text


@pytest.mark.needs("cc")
def test_a_sample_of_mutants_is_killed_but_for_the_known_survivors(
    corpus: Mapping[str, Rendered], tmp_path: Path
) -> None:
    sample = random.Random(12).sample(all_mutants(), 6)  # noqa: S311 - a sample, not a secret
    assert survivors(sample, corpus, tmp_path) == {each.id for each in sample} & set(SURVIVORS)


@pytest.mark.slow
@pytest.mark.needs("cc")
def test_every_mutant_is_killed_but_for_the_known_survivors(corpus: Mapping[str, Rendered], tmp_path: Path) -> None:
    assert survivors(all_mutants(), corpus, tmp_path) == set(SURVIVORS)
