"""Do the checks check? Every operator and constant of the Verilog templates is changed, and a bench must notice.

``mutation.py`` makes the mutants. Each is rendered for a corpus of small units that reaches every place of the
templates (a test says so), and is killed by the first wrong code, unknown bit or error of a compiler. What survives
must stand in ``SURVIVORS`` with the reason why it computes the same: another survivor is a hole in the benches or in
the corpus, so a new line of a template may ask for a new unit there.

The pipeline of valid bits is broken by hand too.
"""

import zlib
from collections.abc import Mapping
from pathlib import Path

import gated_mutation
import pytest
from conftest import tally
from mutation_corpus import Entry, Rendered, rendered
from verilog_corpus import BANKS, CORPUS, RenderedBank
from verilog_mutation import Benches, Subject, Template

from gelugen.verify.bench import sweep_images
from gelugen.verify.icarus import run_own_bench
from gelugen.verify.verdict import Verdict

SHARED = ("verilog/signals.j2", "verilog/ports.j2", "verilog/valid.j2")
"""The templates that all units have a use for."""
TEMPLATES = ("verilog/module.v.j2", "verilog/gated.v.j2", "verilog/bank.v.j2", *SHARED)
WRITES = ("verilog/module.v.j2", "verilog/ports.j2")
"""The templates that have to do with words being written: of their survivors such designs are swept too."""
SAMPLE = 60
"""One mutant in so many is tried in the fast suite."""
SWEPT = [name for name, each in CORPUS.items() if each.written.keys() & {"writable", "stream"}]
"""The designs that have more than their own benches drive: these are swept in the fast suite too."""


def swept(folder: Path, name: str, one: Entry) -> list[Verdict]:
    """The verdicts of the cocotb sweep, of both images where words can be written."""
    return sweep_images("Icarus", folder, name, one.design, target=one.target(name))


def sweeps(name: str, folder: Path) -> bool:
    """Whether a design of the corpus passes the cocotb sweep: its own bench writes no word."""
    return all(each.status == "pass" for each in swept(folder, name, CORPUS[name]))


@pytest.fixture(scope="module")
def designs() -> dict[str, Rendered]:
    return {name: rendered(name, each) for name, each in CORPUS.items()}


@pytest.fixture(scope="module")
def units(designs: Mapping[str, Rendered]) -> dict[str, Mapping[str, Subject]]:
    """The units that each template writes."""
    gated = {name: gated_mutation.Rendered.of(name) for name in gated_mutation.CORPUS}
    banks = {name: RenderedBank.of(name) for name in BANKS}
    own = dict(zip(TEMPLATES, (designs, gated, banks), strict=False))
    return own | {name: {**designs, **gated, **banks} for name in SHARED}


@pytest.fixture(scope="module")
def templates(units: Mapping[str, Mapping[str, Subject]]) -> dict[str, Template]:
    return {name: Template.of(name, units[name]) for name in TEMPLATES}


def benches(corpus: Mapping[str, Subject], folder: Path) -> Benches:
    more = [name for name in corpus if name in CORPUS and CORPUS[name].target(name).writable]
    return Benches(corpus, folder, dict.fromkeys(more, sweeps))


# -- the corpus ----------------------------------------------------------------------------------------------


@pytest.mark.needs("icarus")
def test_all_units_pass_their_benches(units: Mapping[str, Mapping[str, Subject]], tmp_path: Path) -> None:
    corpus = units[SHARED[0]]
    assert benches(corpus, tmp_path).passes({unit: each.files[f"{unit}.v"] for unit, each in corpus.items()})


@pytest.mark.needs("icarus")
@pytest.mark.parametrize(
    "name", SWEPT + [pytest.param(each, marks=pytest.mark.slow) for each in CORPUS if each not in SWEPT]
)
def test_every_design_passes_the_sweep_too(designs: Mapping[str, Rendered], name: str, tmp_path: Path) -> None:
    folder, one = designs[name].write(tmp_path), CORPUS[name]
    verdicts = [*swept(folder, name, one), run_own_bench("Icarus", folder, name, one.design)]
    assert {(each.status, each.note) for each in verdicts} == {("pass", "")}
    assert len(verdicts) == 2 + one.target(name).writable
    assert ("$readmemh" in designs[name].files[f"{name}.v"]) == one.in_memory


# -- what survives, and why it computes the same -------------------------------------------------------------

_SIGN = "read only in slices and concatenations, and whole where all widths are equal: its sign plays no part"
_AT_ZERO = "at k = 0, the only k that goes the other way, both ways give 0"
_AT_BOUND = "at the bound, the only value that goes the other way, both ways give the bound"
_EXACT = "the signal has the exact width, or is cut: nothing is extended, and no text changes"
_ONE_BIT = "a vector of one bit cannot be narrower: no text changes"
_TRUNCATED = "one bit above the slice, taken off again by the assignment"
_ON_TOP = "more bits on top, which nothing reads"
_EXTENDED = "unsigned, as the whole expression is, which zero-extends it by the bit that is missing"
_ROOM = "beside an unsigned operand the literal is zero-extended, and its value fits one bit less"
_FITS = "a larger value than code_max exists in this width, so code_max fits one bit less"
_UNREAD = "only names bits that nothing needs, for linters"
_TWICE = "a lane is there twice, and both drive the same value"
_BEYOND = "one more lane, which drives no bit of the output"

SAME_TEXT = (_EXACT, _ONE_BIT)
"""The reasons of mutants that no unit can tell, since they change no text."""

SURVIVORS: dict[str, dict[str, str]] = {
    "verilog/module.v.j2": {
        "...low.name }}{% elif fold.k.signed %}k [< -> <=] {{ 0 | sdec(fold.k.wi...": _AT_ZERO,
        "...}}{% elif fold.k.signed %}k < {{ 0 | [one more: ]sdec(fold.k.width) }} ...": _AT_ZERO,
        "...fold.line.width) }} : {{ fold.relu | [fit the other extension](fold.line.width, desi...": _EXACT,
        "...e, step.registered) %}{{ fold.relu | [fit the other extension](fold.line.width, desi...": _EXACT,
        "wire [{{ (table.index_width - 1) | [one more: ]dec }}:0] {{ table.ind...": (
            "the index has a 0 in front, which no comparison sees"
        ),
        "reg {{ table.word.vector[other sign] }} {{ table.word.name...": _SIGN,
        "wire {{ table.word.vector[other sign] }} {{ table.word.name...": _SIGN,
        "reg {{ table.word.vector[other sign] }} {{ table.rom }}{{ ...": _SIGN,
        '...able.rom }}{{ " [0:" ~ (table.last | [one more: ]dec) ~ "]" if table.la...': (
            "a word more that no address in range reads"
        ),
        '....word.name }}{{ "[" ~ (column.high | [one more: ]dec) ~ ":" ~ (column.l...': _TRUNCATED,
        "wire {{ column.c.vector[other sign] }} {{ column.c.name }...": _SIGN,
        "...t.name }} = {{ table.columns[-1].c | [fit one bit less](table.highest.width) }};": _EXTENDED,
        "wire {{ halves.high.vector[other sign] }} {{ halves.high.nam...": _SIGN,
        '...wr_data{{ "[" ~ ((table.width - 1) | [one more: ]dec) ~ ":0]" if table....': _TRUNCATED,
        "wire {{ path.shifted.vector[other sign] }} {{ path.shifted.na...": _SIGN,
        "wire {{ each.q.vector[other sign] }} {{ each.q.name }} ...": _SIGN,
        "... = {{ each.p.name }}[{{ each.p.top | [one more: ]dec }}:{{ each.shift |...": _TRUNCATED,
        "...idth) }}{% else %}{{ residual.line | [fit one bit less](residual.rest.width) ...": _EXTENDED,
        "....rest.name }}[{{ residual.rest.top | [one more: ]dec }}:{{ design.line_...": _TRUNCATED,
        "wire {{ each.bits.vector[one bit narrower] }} {{ each.bits.name ...": _UNREAD,
        "wire {{ each.bits.vector[other sign] }} {{ each.bits.name ...": _UNREAD,
        "for (pair = 0; pair [< -> <=] {{ ports.lanes | dec ...": "one more memory, which has no lane",
        "for (pair = 0; pair < {{ ports.lanes | [one more: ]dec }}; pair = pair + ...": (
            "one more memory, which has no lane"
        ),
        "for (port = pair; port [< -> <=] pair + 2 && port < {{...": _TWICE,
        "for (port = pair; port < pair + [2 -> 3] && port < {{ ports.la...": _TWICE,
        "for (port = pair; port < pair + 2 [&& -> ||] port < {{ ports.lanes...": _TWICE,
        "...port = pair; port < pair + 2 && port [< -> <=] {{ ports.lanes | dec ...": _BEYOND,
        "... pair + 2 && port < {{ ports.lanes | [one more: ]dec }}; port = port + ...": _BEYOND,
        "wire {{ path.port.declared[other sign] }} = in_data[port*{{ ...": _SIGN,
        "...dth | dec }} +: {{ path.port.width | [one more: ]dec }}];": _TRUNCATED,
        "for (number = 0; number [< -> <=] {{ ports.lanes | dec ...": _BEYOND,
        "...umber = 0; number < {{ ports.lanes | [one more: ]dec }}; number = numbe...": _BEYOND,
        "wire {{ fold.u.vector[other sign] }} less = {{ fold.low...": _SIGN,
        "....name }}{{ (-1) | splus(fold.u.width)[width one less] }};": _ROOM,
        "wire {{ table.zones.zone.declared[other sign] }};": _SIGN,
        "wire {{ table.zones.zone.declared[other sign] }} = {{ table.zones.c...": _SIGN,
        "reg {{ table.segment.vector[other sign] }} {{ table.segment.n...": _SIGN,
        "reg {{ table.place.vector[other sign] }} {{ table.place.nam...": _SIGN,
        "reg {{ table.segment.vector[other sign] }} {{ table.segment.n... #2": _SIGN,
        "reg {{ table.place.vector[other sign] }} {{ table.place.nam... #2": _SIGN,
        "wire [{{ (table.index_width - 1) | [one more: ]dec }}:0] {{ table.lay...": (
            "the index has a 0 in front, which no leaf sees"
        ),
        "input [[15 -> 16]:0] entries;": "a 0 in front of the entries, which four bits do not reach",
        "input [[3 -> 4]:0] at;": "the place has a 0 in front",
        '...e "" }}wire {{ leaves.signal.declared[other sign] }};': _SIGN,
        "wire [{{ (table.index_width - 1) | [one more: ]dec }}:0] entry = {{ t...": _ON_TOP,
        "wire {{ table.word.vector[other sign] }} looked_up;": _SIGN,
        "wire {{ bump.mirrored.vector[other sign] }} {{ bump.mirrored.n...": _SIGN,
        "reg {{ bump.square.vector[other sign] }} {{ bump.square.nam...": _SIGN,
        "...s.table }}({{ leaf.entries | uhex(16)[width one less] }}, {{ leaf.index }});": (
            "of a leaf and its complement the smaller one is written, whose highest bit is 0"
        ),
        "wire {{ table.word.vector[other sign] }} {{ leaves.word }};": _SIGN,
        "wire {{ each.z.vector[other sign] }} {{ each.z.name }} ...": _SIGN,
        "wire {{ square.magnitude.vector[other sign] }} {{ square.magnitud...": _SIGN,
        "reg {{ square.half.vector[other sign] }} {{ square.half.nam...": _SIGN,
        "wire {{ square.half.vector[one bit narrower] }} {{ square.half.nam...": _ONE_BIT,
        "wire {{ square.half.vector[other sign] }} {{ square.half.nam...": _SIGN,
        "...uare, registered) %}{{ square.half | [fit one bit less](square.square.width) ...": _EXTENDED,
        "wire {{ each.vector[other sign] }} low = {{ path.port...": _SIGN,
        "reg {{ each.vector[other sign] }} r;": _SIGN,
        "wire {{ path.out.vector[other sign] }} out;": _SIGN,
        "...each.argument.name }} = {{ each.dx | [fit one bit less](each.argument.width) ...": (
            "dx is signed, as the literal is, and the expression extends it; where its sign is cut off it was 0"
        ),
        "...ach.leak | splus(each.argument.width)[width one less] }};": "1 fits one bit less",
        "wire {{ part.p.vector[other sign] }} {{ part.p.name }} ...": _SIGN,
        "wire {{ each.before.vector[other sign] }} {{ each.before.nam...": _SIGN,
        "wire {{ residual.q.vector[other sign] }} {{ residual.q.name...": _SIGN,
        "...idual.q.name }} : {{ residual.line | [fit one bit less](residual.rest.width) ...": _EXTENDED,
        "...rest.width) }} - ~{{ residual.line | [fit one bit less](residual.rest.width) ...": (
            "the line is unsigned, so it is zero-extended by the bit that is missing before it is inverted"
        ),
        "wire {{ path.port.declared[other sign] }} = in_data[number*{...": _SIGN,
        "...dth | dec }} +: {{ path.port.width | [one more: ]dec }}]; #2": _TRUNCATED,
    },
    "verilog/signals.j2": {
        "reg {{ each.declared[other sign] }};": _SIGN,
        "reg {{ out.vector[other sign] }} out;": _SIGN,
        "if ({{ total.name }} [< -> <=] {{ form.code_min | sd...": _AT_BOUND,
        "...{ total.name }} < {{ form.code_min | [one more: ]sdec(total.width) }})": _AT_BOUND,
        '...p_low else "" }}if ({{ total.name }} [> -> >=] {{ form.code_max | sd...': _AT_BOUND,
        "... {{ form.code_max | sdec(total.width)[width one less] }})": _FITS,
        "out {{ becomes }} {{ total | [fit the other extension](form.bits) }};": _EXACT,
    },
    "verilog/ports.j2": {
        'input  wire [{{ (ports.address - 1) | [one more: ]dec }}:0] wr_addr,{{ "...': _ON_TOP,
        "input  wire [{{ (ports.word - 1) | [one more: ]dec }}:0] wr_data,": _ON_TOP,
        'input  wire {{ each.declared[other sign] }},{{ " // " ~ each.n...': _SIGN,
        "output wire {{ ports.output.vector[other sign] }} out_data": _SIGN,
    },
    "verilog/valid.j2": {
        "reg [LATENCY[- -> +]1:0] valid;": _ON_TOP,
        '... if latency == 1 else "{valid[LATENCY[- -> +]2:0], in_valid}" }};': _TRUNCATED,
    },
    "verilog/gated.v.j2": {
        "...{ act.offset | splus(act.value.width)[width one less] }};": _ROOM,
        "...her.offset | splus(other.value.width)[width one less] }};": _ROOM,
        "wire {{ product.up.vector[other sign] }} up_0 = in_up;": _SIGN,
        "wire {{ product.up.vector[other sign] }} up_0 = in_up[numbe...": _SIGN,
        "wire {{ act.code.vector[other sign] }} {{ act.code.name }...": _SIGN,
        "...th | dec }} +: {{ product.up.width | [one more: ]dec }}];": _TRUNCATED,
        "...idth | dec }} +: {{ act.code.width | [one more: ]dec }}];": _TRUNCATED,
        "for (number = 0; number [< -> <=] {{ lanes | dec }}; nu...": _BEYOND,
        "for (number = 0; number < {{ lanes | [one more: ]dec }}; number = numbe...": _BEYOND,
        "wire {{ bits.vector[one bit narrower] }} {{ bits.name }} = ...": _UNREAD,
        "wire {{ bits.vector[other sign] }} {{ bits.name }} = ...": _UNREAD,
        "wire {{ product.t.vector[other sign] }} {{ product.t.name ...": _SIGN,
        "...product.half | splus(product.t.width)[width one less] }}{% if product.negat...": _ROOM,
        "....negative %} - {{ product.negative | [fit one bit less](product.t.width) }}{%...": _EXTENDED,
        "...product.t.name }}[{{ product.t.top | [one more: ]dec }}:{{ unit.shift |...": _TRUNCATED,
    },
    "verilog/bank.v.j2": {
        "reg {{ merged.number.declared[other sign] }};": _SIGN,
        "wire {{ merged.address.vector[other sign] }} {{ merged.address....": _SIGN,
        "wire {{ merged.address.vector[other sign] }} {{ merged.address.... #2": _SIGN,
        "for (lane = 0; lane [< -> <=] {{ lanes | dec }}; la...": _BEYOND,
        "for (lane = 0; lane < {{ lanes | [one more: ]dec }}; lane = lane + ...": _BEYOND,
        "wire {{ select.vector[one bit narrower] }} unused_{{ select.n...": _UNREAD,
        "wire {{ select.vector[other sign] }} unused_{{ select.n...": _UNREAD,
        "wire {{ core.outs[0].declared[other sign] }};": _SIGN,
        "reg {{ out.vector[other sign] }} out;": _SIGN,
    },
}
"""What no bench notices, and why it computes the same."""


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_corpus_reaches_every_place_and_no_two_mutants_share_a_name(
    templates: Mapping[str, Template], name: str
) -> None:
    found = templates[name]
    assert found.unreached == [], "the corpus in verilog_corpus.py needs a unit that reaches these"
    names = {mutant.id for mutant in found.mutants}
    assert len(names) == len(found.mutants) == len({mutant.source for mutant in found.mutants}) >= 10
    assert set(SURVIVORS[name]) <= names


@pytest.mark.needs("icarus")
def test_a_sample_of_mutants_is_killed_but_for_the_known_survivors(
    units: Mapping[str, Mapping[str, Subject]], templates: Mapping[str, Template], tmp_path: Path
) -> None:
    tools = benches(units[SHARED[0]], tmp_path)
    tried = 0
    for name, template in templates.items():
        sample = [each for each in template.mutants if not zlib.crc32(each.id.encode()) % SAMPLE]
        alive = tools.survivors(template, sample)
        assert alive == {each.id for each in sample} & set(SURVIVORS[name])
        tried += len(sample)
    assert tried > 5


@pytest.mark.slow
@pytest.mark.needs("icarus")
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_mutant_is_killed_but_for_the_known_survivors(
    units: Mapping[str, Mapping[str, Subject]], templates: Mapping[str, Template], name: str, tmp_path: Path
) -> None:
    tools = benches(units[name], tmp_path) if name in WRITES else Benches(units[name], tmp_path)
    found = templates[name].mutants
    alive = tools.survivors(templates[name], found)
    by = ", ".join(f"{count} by {who}" for who, count in tools.killed.items() if count)
    tally(f"{name}: {len(found)} mutants, {len(found) - len(alive)} killed ({by}), {len(alive)} survive")
    assert alive == set(SURVIVORS[name])
    assert tools.unchanged == {id for id, reason in SURVIVORS[name].items() if reason in SAME_TEXT}


# -- the valid pipeline, which stands before the datapath ----------------------------------------------------

_VALID = "reg [LATENCY-1:0] valid;"
_OUT = "    assign out_data = out;"
TIMING = {
    "no reset": {"if (rst)": "if (1'b0)"},
    "no reset, but the simulation starts empty": {_VALID: "reg [LATENCY-1:0] valid = 0;", "if (rst)": "if (1'b0)"},
    "reset active low": {"if (rst)": "if (!rst)"},
    "asynchronous reset": {
        "(posedge clk) begin\n        if (rst)": "(posedge clk or posedge rst) begin\n        if (rst)"
    },
    "reset holds what is in flight": {
        _VALID: "reg [LATENCY-1:0] valid = 0;",
        "valid <= {LATENCY{1'b0}}": "valid <= valid",
    },
    "reset empties the first stage alone": {
        _VALID: "reg [LATENCY-1:0] valid = 0;",
        "valid <= {LATENCY{1'b0}}": "valid <= {valid[LATENCY-2:0], 1'b0}",
    },
    "reset leaves the last stage": {
        _VALID: "reg [LATENCY-1:0] valid = 0;",
        "valid <= {LATENCY{1'b0}}": "valid[LATENCY-2:0] <= 0",
    },
    "valid a clock early": {"out_valid = valid[LATENCY-1]": "out_valid = valid[LATENCY-2]"},
    "valid a clock late": {"LATENCY = ": "LATENCY = 1 + "},
    "in_valid inverted": {"[LATENCY-2:0], in_valid}": "[LATENCY-2:0], ~in_valid}"},
    "out_valid inverted": {"out_valid = valid": "out_valid = ~valid"},
    "out_valid always 1": {"out_valid = valid[LATENCY-1]": "out_valid = 1'b1"},
    "valid waits in a gap": {"        else\n            valid <=": "        else if (in_valid)\n            valid <="},
    "data a clock late": {
        _OUT: "    reg signed [5:0] late;\n    always @(posedge clk) late <= out;\n    assign out_data = late;"
    },
    "data waits in a gap": {"        out <= ": "        if (in_valid) out <= "},
    "data of the falling edge": {"out;\n    always @(posedge clk)": "out;\n    always @(negedge clk)"},
    "data unknown in a gap's shadow": {_OUT: "    assign out_data = in_valid ? out : 6'bx;"},
}


ENABLED = {
    "data moves while it is low": {"always @(posedge clk) if (en)": "always @(posedge clk)"},
    "valid moves while it is low": {"else if (en)": "else"},
    "reset waits for it": {"if (rst)": "if (rst && en)"},
    "nothing moves but while it is low": {"if (en)": "if (!en)"},
}


@pytest.mark.needs("icarus")
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        *(pytest.param("quadratic", TIMING[name], id=name) for name in TIMING),
        *(pytest.param("deepest_split", ENABLED[name], id=f"enable: {name}") for name in ENABLED),
    ],
)
def test_the_sweep_sees_a_broken_pipeline_of_valid_bits(
    designs: Mapping[str, Rendered], name: str, changes: Mapping[str, str], tmp_path: Path
) -> None:
    text = designs[name].files[f"{name}.v"]
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (verdict,) = swept(designs[name].write(tmp_path, verilog=text), name, CORPUS[name])
    assert verdict.status == "fail"
    assert "handshake" in verdict.note or verdict.mismatches
    assert "rror" not in verdict.note  # it was built and run
