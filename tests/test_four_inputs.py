"""Networks of functions of four inputs: the same table as was asked for, found, named, written and refused."""

import json
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_emit import lint
from verilog_corpus import BORROWS_OF_FOUR_BITS, FOLDED, with_network

from gelugen import store
from gelugen.cli import main
from gelugen.emit import emit
from gelugen.emit.wiring import borrows_of, columns, expression
from gelugen.errors import GelugenError
from gelugen.networks import INPUTS, Network, Node
from gelugen.search import build
from gelugen.spec import Spec, Target
from gelugen.synthesis import networked, objective
from gelugen.synthesis.families import Resources
from gelugen.synthesis.resubstitution import Walk, start
from gelugen.synthesis.tasks import Measured
from gelugen.target import NETWORK
from gelugen.verify import check_guarantee
from gelugen.verify.icarus import run_own_bench

Q3_4 = Spec("gelu", "q3.4", "q3.4", architecture="residual-table")
SHORT = ((3, 400), (1, 800))


@st.composite
def tables(draw):
    """Bits of the index, and columns of outputs, some of them alike, constant or an input."""
    bits = draw(st.integers(1, 7))
    column = st.integers(0, (1 << (1 << bits)) - 1)
    return bits, draw(st.lists(column, min_size=1, max_size=3))


def holds(network, table):
    assert network.columns() == table
    assert all(len(node.inputs) <= INPUTS for node in network.nodes)
    assert all(each < network.bits + number for number, node in enumerate(network.nodes) for each in node.inputs)


@settings(max_examples=40)
@given(tables(), st.integers(0, 9))
def test_a_walk_stays_at_its_table_and_never_ends_above_its_start(drawn, seed):
    bits, table = drawn
    first = start(bits, table, (table[0] | table[-1],))
    holds(first, table)
    walk = Walk(first, seed).go(60)
    for each in (walk.here, *walk.least):
        holds(each, table)
    assert {len(each.nodes) for each in walk.least} == {walk.fewest}
    assert walk.fewest <= len(first.nodes)


def test_the_value_of_a_node_is_that_of_its_entries():
    network = Network(4, (Node((2, 0, 3), 0b10110001), Node((1, 4, 0, 2), 0x5ACE), Node((), 1)), (4, 5, 6, 3))
    for code in range(16):
        a, b, c, d = (code >> bit & 1 for bit in range(4))
        first = 0b10110001 >> (c | a << 1 | d << 2) & 1
        second = 0x5ACE >> (b | first << 1 | a << 2 | c << 3) & 1
        assert [column >> code & 1 for column in network.columns()] == [first, second, 1, d]
    assert network.depth() == 2


@given(tables())
def test_a_network_is_read_from_its_text(drawn):
    bits, table = drawn
    network = start(bits, table)
    assert Network.parse(network.text()) == network


@pytest.mark.parametrize(
    "text",
    [
        *("", "3", "3.", "x.abc-17.d", "9.abc-17.d", "0.-1.a", "3.abc-17", "3.abc-17.e", "3.abd-17.d", "3.abc-100.d"),
        *("3.abc-017.d", "3.abc17.d", "3.abcab-17.d", "3.abc-17.d.", "3.abc-1G.d", "\u0663.abc-17.d", "3.abc-17..d"),
        "8." + "abc-17." * 60 + "i",
    ],
)
def test_a_text_of_no_network_is_refused_in_a_sentence(text):
    with pytest.raises(GelugenError, match=r"^network .* is malformed: it must be like 3\.abc-17\.cd-6\.ed, .*$"):
        Target("wrong", style=NETWORK + text)


@pytest.mark.needs("icarus")
def test_an_expression_is_its_function(tmp_path):
    functions = [(width, (0x9E3779B97F4A7C15 * (3 * width + at)) >> 20) for width in range(5) for at in range(60)]
    functions = [(width, entries & (1 << (1 << width)) - 1) for width, entries in functions]
    names = [f"at[{bit}]" for bit in range(4)]
    lines = [
        f"    wire f{number} = {expression(entries, tuple(names[:width]))};"
        for number, (width, entries) in enumerate(functions)
    ]
    shown = [f"f{number}" for number in reversed(range(len(functions)))]
    text = "\n".join(
        [
            "module all; reg [4:0] at;",
            *lines,
            f"    wire [{len(shown) - 1}:0] seen = {{{', '.join(shown)}}};",
            '    initial for (at = 0; at < 16; at = at + 1) begin #1 $display("%b", seen); end',
            "endmodule",
        ]
    )
    (tmp_path / "all.v").write_text(text)
    subprocess.run(["iverilog", "-g2001", "-Wall", "-o", "all", "all.v"], cwd=tmp_path, check=True)
    said = subprocess.run(["vvp", "-n", "all"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout.split()
    assert len(said) == 16
    for at, line in enumerate(said):
        for (width, entries), seen in zip(functions, reversed(line), strict=True):
            assert int(seen) == entries >> (at & (1 << width) - 1) & 1


def searched(design):
    borrows = borrows_of(design)
    found = networked.networks(borrows.bits, columns(borrows), lambda _: None, 3, 1)
    assert found == networked.networks(borrows.bits, columns(borrows), lambda _: None, 3, 1)  # the same every time
    return found


@pytest.mark.needs("icarus", "verilator", "yosys")
@pytest.mark.parametrize("design", [build(Q3_4), BORROWS_OF_FOUR_BITS], ids=["q3.4", "four bits"])
def test_a_network_is_bit_exact_and_clean(tmp_path, monkeypatch, design):
    monkeypatch.setattr(networked, "_ROUNDS", SHORT)
    found = searched(design)
    assert 1 <= len(found) <= 3
    assert len(found[0].nodes) < len(start(found[0].bits, columns(borrows_of(design))).nodes)
    files = emit(design, Target("net", pipeline=0, style=NETWORK + found[0].text()))
    assert "functions of at most four inputs" in files["net.v"]
    assert "case" not in files["net.v"]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert lint(tmp_path, "net") == ""
    verdict = run_own_bench("Icarus", tmp_path, "net", design)
    assert (verdict.status, verdict.mismatches) == ("pass", 0)


def test_a_style_of_another_table_is_refused():
    design = build(Q3_4)
    with pytest.raises(GelugenError, match=r"^style network gives another table than this design's: .*$"):
        emit(design, Target("net", pipeline=0, style=with_network(BORROWS_OF_FOUR_BITS)))
    right = with_network(design)
    (last,) = right[-1:]
    with pytest.raises(GelugenError, match=r"^style network gives another table than this design's: .*$"):
        emit(design, Target("net", pipeline=0, style=right[:-2] + last + right[-2]))
    with pytest.raises(GelugenError, match=r"^style network is not for this design: .*$"):
        emit(FOLDED, Target("net", pipeline=0, style=right))
    with pytest.raises(GelugenError, match=r"^style network is not for this design: .*$"):
        emit(build(Spec("gelu", "q3.4", "q3.4", architecture="table")), Target("net", style=right))


def test_between_registers_a_network_is_as_ice40():
    design = build(Q3_4)

    def module(style):
        text = emit(design, Target("net", pipeline=2, style=style))["net.v"]
        return [line for line in text.splitlines() if not line.startswith("//")]

    assert module(with_network(design)) == module("ice40")


def test_no_network_is_looked_for_where_the_table_is_large_or_the_family_sees_more(monkeypatch):
    large = build(Spec("gelu", "q1.6", "q1.6", architecture="residual-table"))
    assert borrows_of(large) is not None
    assert networked.networked([large], pytest.fail, jobs=1) == []
    style = with_network(build(Q3_4))
    spec = Spec("gelu", "q3.4", "q3.4", architecture="residual-table", objective="luts:xc7")
    monkeypatch.setattr(objective, "find", lambda: None)
    with pytest.raises(GelugenError, match=r"^style network is not for this request: objective luts:xc7 has no .*$"):
        objective.least_luts(spec, Target("net", style=style), jobs=1)


@pytest.mark.needs("yosys")
def test_what_yosys_fails_at_is_left_out(monkeypatch):
    spec = Spec("gelu", "q2.2", "q2.2", architecture="residual-table", objective="luts:ice40")
    monkeypatch.setattr(networked, "_ROUNDS", SHORT)

    def failing(tasks, _):
        for number in reversed(range(len(tasks))):
            yield number, GelugenError("Yosys fails") if number in failed else Measured(Resources(luts=number + 1))

    monkeypatch.setattr(objective, "try_tasks", failing)
    failed = {0}
    figures = objective.least_luts(spec, Target("net"), most=3, jobs=1).figures
    assert (figures.counts["luts"], figures.measured, figures.candidates) == (2, 2, 3)
    failed = {0, 1, 2}
    with pytest.raises(GelugenError, match=r"^Yosys fails$"):
        objective.least_luts(spec, Target("net"), most=3, jobs=1)


@pytest.mark.slow
@pytest.mark.needs("yosys", "icarus")
def test_gelu_of_q3_4_takes_at_most_20_lookup_tables_of_ice40(tmp_path, capsys):
    asked = "generate --function gelu --input q3.4 --output q3.4 --guarantee correct --objective luts:ice40 --name net"
    assert main([*asked.split(), "--pipeline", "0", "--output-dir", str(tmp_path)]) == 0
    bundle = store.read(tmp_path / "net")
    assert bundle.manifest["measured"]["luts"] <= 20
    assert bundle.manifest["target"]["style"].startswith(NETWORK)
    assert check_guarantee(bundle).status == "pass"
    verdict = run_own_bench("Icarus", bundle.folder, "net", bundle.design)
    assert (verdict.status, verdict.mismatches) == ("pass", 0)
    assert json.loads((tmp_path / "net" / "manifest.json").read_text()) == bundle.manifest
    capsys.readouterr()
