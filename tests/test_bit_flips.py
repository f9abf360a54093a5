"""Do the checks check? One bit of one table is flipped in the text of an emitted file, and every tool must notice.

Only the number in the text changes; nothing is emitted again, and no hash is asked. How many codes change is
computed beside it by NumPy, from the Design with the same bit flipped: each tool must count exactly as many
mismatches. The bits that change no code (low ones, which the shift drops) are counted too.

The files of expected codes are damaged as well: missing, cut short, filled with garbage or with X. Those of tables are
in ``test_readmemh.py``.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from conftest import tally

from gelugen.design import Breakpoints, Coefficient, Design, Dyadic, Offset, Term, Uniform
from gelugen.emit import emit
from gelugen.emit.c.sums import Sum
from gelugen.emit.c.tables import Table, tables_of
from gelugen.flow import default_set
from gelugen.formats import Codes
from gelugen.search import build
from gelugen.spec import Spec, Target
from gelugen.verify.bench import sweep_cocotb
from gelugen.verify.c import check_c, sweep_c
from gelugen.verify.icarus import check_icarus, run_own_bench
from gelugen.verify.verdict import Verdict


@dataclass(frozen=True)
class Bit:
    """A stored bit: of which term, coefficient, segment, and its number in the stored value."""

    term: int
    power: int
    segment: int
    bit: int


@dataclass(frozen=True)
class CBit:
    """A stored bit of the C text: of which term, coefficient, row, and its number in the field."""

    term: int
    power: int
    row: int
    bit: int


@dataclass(frozen=True)
class Emitted:
    """A design and the texts of its files."""

    design: Design
    name: str
    files: Mapping[str, str]

    @classmethod
    def of(cls, design: Design, name: str) -> "Emitted":
        return cls(design, name, emit(design, Target(name)))

    def bits(self) -> list[Bit]:
        """Every stored bit."""
        return [
            Bit(t, power, segment, bit)
            for t, term in enumerate(self.design.terms)
            for power, column in enumerate(term.coefficients)
            for segment in range(term.depth)
            for bit in range(column.width)
        ]

    @cached_property
    def tables(self) -> list[Table]:
        """The terms as C has them."""
        return tables_of(self.design, self.name)

    def c_bits(self) -> list[CBit]:
        """Every stored bit of a coefficient in C."""
        found = []
        for t, table in enumerate(self.tables):
            for power, part in enumerate(table.parts):
                if table.own:
                    depth, width = table.layout.depth, table.layout.term.coefficients[0].width
                elif part.place and table.finder:
                    fields = dict(table.words[part.place.word].fields)
                    depth, width = len(table.finder.served), fields[part.name]
                else:
                    continue
                found += [CBit(t, power, row, bit) for row in range(depth) for bit in range(width)]
        return found

    def changed_codes(self, bit: Bit | CBit) -> int:
        """How many codes change with a bit, says NumPy."""
        codes = self.design.spec.input.codes()
        if isinstance(bit, CBit):
            return int((self.with_c_bit(bit) != self.design.eval(codes)).sum())
        return int((flipped(self.design, bit).eval(codes) != self.design.eval(codes)).sum())

    def with_c_bit(self, at: CBit) -> Codes:
        """The codes with a bit of the C text flipped: those of another coefficient where its row serves."""
        design, table = self.design, self.tables[at.term]
        codes, term, finder = design.spec.input.codes(), design.terms[at.term], table.finder
        if finder is None:
            return flipped(design, Bit(at.term, 0, at.row, at.bit)).eval(codes)
        part, segment = table.parts[at.power], finder.served[at.row]
        old = term.coefficients[at.power]
        values = [old.base + value << old.drop for value in old.values]
        more = Sum.of(design).constant if Sum.of(design).alone and not at.power else 0
        field, place = (values[segment] + more - part.base) // part.factor, part.place
        assert place is not None
        width = dict(table.words[place.word].fields)[part.name]
        values[segment] = flip(field, at.bit, width, field < 0 or is_signed(table, at.power)) * part.factor
        values[segment] += part.base - more
        column = Coefficient(tuple(values), 32, True)
        columns = [column if power == at.power else each for power, each in enumerate(term.coefficients)]
        terms = list(design.terms)
        terms[at.term] = replace(term, coefficients=tuple(columns))
        u = design.trace(codes)["u"]
        row = (u >> finder.shift) - finder.first if finder.kind == "bits" else term.map.locate(u)[0]
        return np.where(row == at.row, replace(design, terms=tuple(terms)).eval(codes), design.eval(codes))

    def write(self, folder: Path, **changed: str | None) -> Path:
        """The files in a folder, with some texts (named by ending, ``_`` for the dot) replaced, or left out."""
        folder.mkdir(exist_ok=True)
        texts = dict(self.files)
        for ending, text in changed.items():
            texts[self.file(ending)] = text
        for name, text in texts.items():
            (folder / name).unlink(missing_ok=True)
            if text is not None:
                (folder / name).write_text(text)
        return folder

    def file(self, ending: str) -> str:
        """``v`` names ``design.v``, ``expected_mem`` names ``design_expected.mem``."""
        stem, _, suffix = ending.rpartition("_")
        return f"{self.name}{'_' if stem else ''}{stem}.{suffix}"

    def text(self, ending: str) -> str:
        return self.files[self.file(ending)]


def flipped(design: Design, at: Bit) -> Design:
    """The design with one bit flipped, in two's complement of the stored width."""
    term = design.terms[at.term]
    column = term.coefficients[at.power]
    values = list(column.values)
    values[at.segment] = flip(values[at.segment], at.bit, column.width, column.signed)
    columns, terms = list(term.coefficients), list(design.terms)
    columns[at.power] = replace(column, values=tuple(values))
    terms[at.term] = replace(term, coefficients=tuple(columns))
    return replace(design, terms=tuple(terms))


def flip(value: int, bit: int, width: int, signed: bool) -> int:
    pattern = value & (1 << width) - 1 ^ 1 << bit
    return pattern - (1 << width) if signed and pattern >> width - 1 else pattern


# -- the same flip in a text -------------------------------------------------------------------------------


def is_signed(table: Table, power: int) -> bool:
    """Whether a coefficient's field in C has a sign."""
    place = table.parts[power].place
    return bool(place and place.signed)


def flip_in_c(emitted: Emitted, text: str, at: CBit) -> str:
    """The C text with one number of one array replaced."""
    table = emitted.tables[at.term]
    if table.own:
        array, entry, low = table.own, at.row, 0
    else:
        place = table.parts[at.power].place
        assert place is not None
        array, low = table.words[place.word].array, place.at
        together = [number for number, word in enumerate(table.words) if word.array == array]
        entry = len(together) * at.row + together.index(place.word)
    pattern = rf"^GELUGEN_STORAGE static const {array.type} {array.name}\[(\d+)\] = \{{\n(.*?)\n\}};"
    (found,) = re.finditer(pattern, text, re.M | re.S)
    numbers = list(re.finditer(r"-?\d+", found[2]))
    assert len(numbers) == int(found[1]) == len(array.values)
    number, bits = numbers[entry], 8 * array.bytes // len(array.values)
    signed = array.type.startswith("int")
    value, top = int(number[0]), low + at.bit
    if table.own:
        width = table.layout.term.coefficients[0].width
        value = flip(value, at.bit, width, table.layout.term.coefficients[0].signed)
    elif signed and is_signed(table, at.power):
        place = table.parts[at.power].place
        assert place is not None
        width = low + dict(table.words[place.word].fields)[f"c{at.power}"]
        value = flip(value, top, width, True)
    else:
        value = flip(value, top, bits, signed)
    start = found.start(2)
    return text[: start + number.start()] + str(value) + text[start + number.end() :]


def flip_in_verilog(design: Design, text: str, at: Bit) -> str:
    """The Verilog text with one word of one table replaced."""
    term = design.terms[at.term]
    name = f"t{at.term}_word" if len(design.terms) > 1 else "word"
    arms = list(re.finditer(rf"^ +(.*?)\b{name}_\d <?= \d+'h([0-9a-f]+);.*$", text, re.M))
    # What is outside the segments is no word: an arm before the first breakpoint, and the last arm of all.
    first = int(isinstance(term.map, Breakpoints) and term.map.points[0] > 0)
    words = arms[first : first + term.depth]
    assert [int(arm[2], 16) for arm in words] == term.words()
    assert {int(arm[2], 16) for arm in arms if arm not in words} <= {0}
    if isinstance(term.map, Uniform):
        assert [int(re.search(r"'d(\d+)", arm[1])[1]) for arm in words] == list(range(term.depth))
    return _replace_word(text, 0, words[at.segment], 2, design, at)


def flip_in_mem(design: Design, text: str, at: Bit) -> str:
    """The ``.mem`` text with one word replaced; zero words may follow those of the table."""
    title, start, rest = text.partition("\n@0\n")
    words = list(re.finditer(r"\b([0-9a-f]+)\b", rest))
    table = design.terms[at.term].words()
    assert [int(word[1], 16) for word in words] == table + [0] * (len(words) - len(table))
    return _replace_word(text, len(title + start), words[at.segment], 1, design, at)


def _replace_word(text: str, start: int, match: re.Match[str], group: int, design: Design, at: Bit) -> str:
    low = sum(column.width for column in design.terms[at.term].coefficients[: at.power])
    digits = match[group]
    word = format(int(digits, 16) ^ 1 << low + at.bit, f"0{len(digits)}x")
    assert len(word) == len(digits)
    return text[: start + match.start(group)] + word + text[start + match.end(group) :]


# -- one flip through one tool -----------------------------------------------------------------------------


def through_c(emitted: Emitted, bit: CBit, folder: Path) -> Verdict:
    text = flip_in_c(emitted, emitted.text("h"), bit)
    return sweep_c("gcc", "gcc", ["-O1"], emitted.write(folder, h=text), emitted.name, emitted.design)


def through_bench(emitted: Emitted, bit: Bit, folder: Path) -> Verdict:
    text = flip_in_verilog(emitted.design, emitted.text("v"), bit)
    return run_own_bench("Icarus", emitted.write(folder, v=text), emitted.name, emitted.design)


def through_cocotb(emitted: Emitted, bit: Bit, folder: Path) -> Verdict:
    text = flip_in_verilog(emitted.design, emitted.text("v"), bit)
    return sweep_cocotb("Icarus", emitted.write(folder, v=text), emitted.name, emitted.design)


THROUGH = {"cc": through_c, "bench": through_bench, "cocotb": through_cocotb}
TOOLS = [
    pytest.param("cc", marks=pytest.mark.needs("cc")),
    pytest.param("bench", marks=pytest.mark.needs("icarus")),
    pytest.param("cocotb", marks=pytest.mark.needs("icarus")),
]
MANY = [*TOOLS[:2], pytest.param("cocotb", marks=[pytest.mark.needs("icarus"), pytest.mark.slow])]
"""The same for many flips, each a simulation."""


def flip_all(emitted: Emitted, bits: list[Bit] | list[CBit], tool: str, folder: Path) -> int:
    """Flip bits one at a time, and compare the tool's count of mismatches with NumPy's.

    Returns:
        How many bits change no code.
    """
    silent, wrong = 0, []
    for bit in bits:
        expected = emitted.changed_codes(bit)
        silent += not expected
        verdict = THROUGH[tool](emitted, bit, folder)
        found = verdict.status, verdict.checked, verdict.mismatches, verdict.note
        if found != ("fail" if expected else "pass", verdict.codes, expected, ""):
            wrong.append((bit, expected, found))
    tally(f"{emitted.name}, {tool}: {len(bits)} bits flipped, {silent} of them change no code")
    assert not wrong
    return silent


# -- q3.4: every bit ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> Emitted:
    """Correct GELU from q3.4 to q3.4 by lines, as a fit has found it."""
    design = Design(
        Spec("gelu", "q3.4", "q3.4"),
        "residual-uniform-linear",
        "residual",
        (
            Term(
                Uniform(2),
                (
                    Coefficient((4, 10, 13, 13, 10, 9, 6, 6, 4), 4, False),
                    Coefficient((1, 1, 1, 0, -1, -1, -1, 0, 0), 2, True),
                ),
            ),
        ),
        shift=2,
    )
    return Emitted.of(design, "lines")


def test_a_flip_changes_one_line_and_no_two_flips_give_the_same_text(small: Emitted) -> None:
    for ending, edit in (("v", flip_in_verilog), ("mem", flip_in_mem)):
        texts = {edit(small.design, small.text(ending), bit) for bit in small.bits()}
        assert len(texts) == small.design.rom_bits == len(small.bits()) == 54
        assert all(lines_changed(small.text(ending), text) == 1 for text in texts)
    texts = {flip_in_c(small, small.text("h"), bit) for bit in small.c_bits()}
    assert len(texts) == len(small.c_bits()) == C_BITS
    assert all(lines_changed(small.text("h"), text) == 1 for text in texts)


C_BITS = 54


def lines_changed(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one.split("\n"), other.split("\n"), strict=True))


@pytest.mark.parametrize("tool", MANY)
@pytest.mark.parametrize(("power", "count", "silent"), [(0, 36, 6), (1, 18, 2)])
def test_every_flipped_bit_of_q3_4_is_counted_code_by_code(
    small: Emitted, tool: str, power: int, count: int, silent: int, tmp_path: Path
) -> None:
    some = small.c_bits() if tool == "cc" else small.bits()
    bits = [bit for bit in some if bit.power == power]
    assert len(bits) == count
    assert flip_all(small, bits, tool, tmp_path) == silent


@pytest.mark.needs("cc", "icarus")
def test_a_flipped_bit_fails_under_every_compiler_and_both_benches(small: Emitted, tmp_path: Path) -> None:
    bit, in_c = Bit(0, 0, 3, 3), CBit(0, 0, 3, 3)
    expected = small.changed_codes(bit)
    assert expected == small.changed_codes(in_c) > 0
    header = flip_in_c(small, small.text("h"), in_c)
    module = flip_in_verilog(small.design, small.text("v"), bit)
    folder = small.write(tmp_path, h=header, v=module)
    verdicts = check_c(folder, small.name, small.design) + check_icarus(folder, small.name, small.design)
    assert len(verdicts) >= 4
    assert {(each.status, each.mismatches) for each in verdicts} == {("fail", expected)}


# -- q3.12: bits drawn at random ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large() -> Emitted:
    spec, target = default_set()[1]
    assert target.name == "gelu_q3_12_faithful"
    return Emitted.of(build(spec), target.name)


def drawn(emitted: Emitted, count: int, tool: str = "bench") -> list[Bit] | list[CBit]:
    bits = emitted.c_bits() if tool == "cc" else emitted.bits()
    return random.Random(312).sample(bits, min(count, len(bits)))  # noqa: S311 - a sample, not a secret


@pytest.mark.parametrize("tool", MANY)
def test_some_flipped_bits_of_q3_12_are_counted_code_by_code(large: Emitted, tool: str, tmp_path: Path) -> None:
    bits = drawn(large, 6, tool)
    bits = bits[:2] if tool == "cocotb" else bits
    assert flip_all(large, bits, tool, tmp_path) < len(bits)


def test_few_of_the_drawn_bits_change_no_code(large: Emitted) -> None:
    bits = drawn(large, 200)
    assert sum(not large.changed_codes(bit) for bit in bits) < len(bits) // 10


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("part", range(8))
def test_two_hundred_flipped_bits_of_q3_12_are_counted_code_by_code(
    large: Emitted, tool: str, part: int, tmp_path: Path
) -> None:
    flip_all(large, drawn(large, 200, tool)[part::8], tool, tmp_path)


# -- every map: designs made by hand -----------------------------------------------------------------------

ANY = "ulp:65535"


def column(seed: int, width: int, signed: bool, depth: int, drop: int = 0, base: int = 0) -> Coefficient:
    rng = random.Random(seed)  # noqa: S311 - test data
    low, high = Coefficient((), width, signed).stored
    return Coefficient(tuple(rng.randint(low, high) for _ in range(depth)), width, signed, drop, base)


BY_HAND = {
    "split": Design(
        Spec("gelu", "q3.4", "q3.4", ANY),
        "table",
        "residual",
        (Term(Dyadic((5, 4, 4, 6)), (column(1, 6, False, 4), column(2, 4, True, 4), column(3, 3, True, 4)), (2, 3)),),
        bias=3,
        shift=1,
    ),
    "points": Design(
        Spec("gelu", "q3.4", "q3.4", ANY),
        "table",
        "odd",
        (
            Term(Breakpoints((5, 20, 37, 90)), (column(4, 6, False, 3, 0, -9), column(5, 4, True, 3, 1)), (3,)),
            Term(Breakpoints((90, 101)), (Coefficient((0,), 0, False, 0, 7),)),
        ),
    ),
    "offsets": Design(
        Spec("gelu", "q3.4", "q3.4", ANY),
        "table",
        "even",
        (
            Term(Uniform(4), (column(6, 6, False, 6),)),
            Term(Offset(6, 2, 2), (column(7, 4, False, 4),)),
            Term(Offset(7, 0, 2), (column(8, 2, False, 2),)),
        ),
        shift=1,
    ),
}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", BY_HAND)
def test_flipped_bits_under_every_map_are_counted_code_by_code(name: str, tool: str, tmp_path: Path) -> None:
    emitted = Emitted.of(BY_HAND[name], name)
    flip_all(emitted, drawn(emitted, 4 if tool == "cocotb" else 16, tool), tool, tmp_path)


# -- files that a simulator reads --------------------------------------------------------------------------


MEMORIES = {
    "flat": Spec("gelu", "q3.9", "q3.9", "correct", "table"),
    "folded": Spec("gelu", "q2.11", "q2.11", "faithful", "residual-table"),
}


@pytest.fixture(scope="module", params=MEMORIES)
def in_memory(request: pytest.FixtureRequest) -> Emitted:
    emitted = Emitted.of(build(MEMORIES[request.param]), request.param)
    assert emitted.design.terms[0].depth > 4096
    assert "$readmemh(MEM_FILE, rom)" in emitted.text("v")
    return emitted


@pytest.mark.needs("icarus")
def test_a_flipped_bit_of_a_memory_file_is_counted_code_by_code(in_memory: Emitted, tmp_path: Path) -> None:
    design, name = in_memory.design, in_memory.name
    for bit in drawn(in_memory, 3):
        text = flip_in_mem(design, in_memory.text("mem"), bit)
        expected = in_memory.changed_codes(bit)
        assert expected
        for verdict in check_icarus(in_memory.write(tmp_path, mem=text), name, design):
            assert (verdict.status, verdict.mismatches, verdict.note) == ("fail", expected, "")


@pytest.mark.needs("cc")
def test_a_flipped_bit_of_a_table_in_its_own_c_file_is_counted_code_by_code(in_memory: Emitted, tmp_path: Path) -> None:
    design, name = in_memory.design, in_memory.name
    for bit in drawn(in_memory, 3, "cc"):
        expected = in_memory.changed_codes(bit)
        assert expected
        folder = in_memory.write(tmp_path, c=flip_in_c(in_memory, in_memory.text("c"), bit))
        verdict = sweep_c("gcc", "gcc", ["-O1"], folder, name, design)
        assert (verdict.status, verdict.mismatches, verdict.note) == ("fail", expected, "")


@pytest.mark.needs("cc")
def test_a_missing_c_file_of_tables_fails_under_every_compiler(in_memory: Emitted, tmp_path: Path) -> None:
    verdicts = check_c(in_memory.write(tmp_path, c=None), in_memory.name, in_memory.design)
    assert {(each.status, each.checked) for each in verdicts} == {("fail", 0)}


def cut_short(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:-3])


def one_word_less(text: str) -> str:
    return text.rstrip().rpartition(" ")[0] + "\n"


def garbage(text: str) -> str:
    return _with_line(text, 7, "this is no table")


def words_of_x(text: str) -> str:
    line = text.splitlines()[7]
    return _with_line(text, 7, re.sub(r"[0-9a-f]", "x", line))


def one_digit_of_x(text: str) -> str:
    return _with_line(text, 7, text.splitlines()[7][:-1] + "x")


def _with_line(text: str, number: int, line: str) -> str:
    lines = text.splitlines()
    return "\n".join([*lines[:number], line, *lines[number + 1 :], ""])


def words_of(text: str) -> int:
    return sum(len(line.split()) for line in text.splitlines() if line[:1] not in ("/", "@"))


DAMAGES = [None, lambda _: "", cut_short, one_word_less, garbage, words_of_x, one_digit_of_x]
DAMAGE_NAMES = ["missing", "empty", "cut short", "one word less", "garbage", "words of x", "one digit of x"]


def lost_words(damage: Callable[[str], str] | None, total: int, text: str) -> range:
    """The words that a damaged file no longer gives: Icarus reads up to the first one that is no number."""
    if damage in (words_of_x, one_digit_of_x):
        return range(80 if damage is words_of_x else 95, 96)
    if damage is garbage:
        return range(80, total)
    return range(words_of(text) if damage else 0, total)


@pytest.mark.needs("icarus")
@pytest.mark.parametrize("damage", DAMAGES, ids=DAMAGE_NAMES)
def test_a_damaged_file_of_expected_codes_fails_the_design_s_own_bench(
    in_memory: Emitted, damage: Callable[[str], str] | None, tmp_path: Path
) -> None:
    design, name = in_memory.design, in_memory.name
    text = damage(in_memory.text("expected_mem")) if damage else None
    folder = in_memory.write(tmp_path, expected_mem=text)
    total = 1 << design.spec.input.bits
    lost = lost_words(damage, total, text or "")
    verdict = run_own_bench("Icarus", folder, name, design)
    assert verdict.status == "fail"
    if len(lost) == total:
        assert verdict.note == f"FAIL: the expected codes could not be read from {name}_expected.mem"
    else:
        assert (verdict.checked, verdict.mismatches) == (total, len(lost))
