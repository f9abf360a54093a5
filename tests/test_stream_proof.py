"""The proof of the AXI4-Stream wrapper: it holds of what is emitted, and of nothing that is wrong."""

import pytest
from stream_units import NAME, Case

from gelugen.bank_spec import BankSpec
from gelugen.flow import generate
from gelugen.gated_spec import GatedSpec
from gelugen.spec import Spec, Target
from gelugen.verify import formal, verify
from gelugen.verify.formal import check_formal, missing_formal

pytestmark = pytest.mark.needs("yosys", "z3")

GOOD = [
    Case("byte", 0),
    Case("byte", 1),
    Case("narrow", 2),
    Case("wide", 3, 2),
    Case("gated", 5),
    Case("byte", 2, 4),
]


def proof(folder, case):
    (verdict,) = check_formal(folder, NAME, case.unit)
    return verdict


def thinned(edits):
    """All of them; two of three are slow."""
    return [
        pytest.param(edit, id=name, marks=pytest.mark.slow if number % 3 else ())
        for number, (name, edit) in enumerate(edits.items())
    ]


@pytest.mark.parametrize("case", GOOD, ids=str)
def test_the_wrapper_is_proven(tmp_path, case):
    verdict = proof(case.write(tmp_path), case)
    assert (verdict.status, verdict.note, verdict.of) == ("pass", "", "properties")
    assert verdict.checked == verdict.codes > 10


# -- what gelugen emits ----------------------------------------------------------------------------------------

BYTE = Spec("gelu", "q3.4", "q3.4")
LINES = Spec("gelu", "q3.8", "q3.8", "faithful", "residual-uniform-linear")
EMITTED = {
    "combinational": (LINES, {"pipeline": 0}),
    "deep": (LINES, {"pipeline": 6}),
    "memory from a file, two lanes": (Spec("gelu", "q2.11", "q2.11", architecture="table"), {"lanes": 2}),
    "writable": (LINES, {"writable": True}),
    "gated": (GatedSpec("gelu", "q2.3", "q2.3", "q2.3", "q2.5"), {"lanes": 2}),
    "bank": (BankSpec({"a": BYTE, "b": Spec("tanh", "q3.4", "q3.4")}), {"lanes": 2}),
}


@pytest.mark.parametrize("request_", EMITTED.values(), ids=EMITTED)
def test_what_is_emitted_is_proven(tmp_path, request_):
    spec, target = request_
    made = generate(spec, tmp_path, Target(NAME, stream=True, **target))
    _, verdict = verify(made.folder, ["formal"])
    assert (verdict.status, verdict.note) == ("pass", "")


def test_an_emitted_register_that_does_not_wait_is_found(tmp_path):
    made = generate(LINES, tmp_path, Target(NAME, stream=True))
    module = made.folder / f"{NAME}.v"
    parts = module.read_text().split(" if (en)")
    assert len(parts) > 3
    for number in range(1, len(parts)):
        text = " if (en)".join(parts[:number]) + " if (en)".join(["", *parts[number:]]).removeprefix(" if (en)")
        assert text.count(" if (en)") == len(parts) - 2
        module.write_text(text)
        (verdict,) = check_formal(made.folder, NAME, made.design)
        assert verdict.status == "fail", number


# -- what is wrong ---------------------------------------------------------------------------------------------

WRAPPER = {
    "spare is not given as it came": ("spare_full ? spare : arriving", "spare_full ? spare + 1'b1 : arriving"),
    "spare is given first to none": ("spare_full ? spare : arriving", "spare_full ? arriving : spare"),
    "spare follows what arrives": ("        if (ready)\n            spare", "        if (1'b1)\n            spare"),
    "spare takes what is given only": ("        if (ready)\n            spare", "        if (take)\n            spare"),
    "entry does not wait": ("        if (take)\n            entry", "        if (1'b1)\n            entry"),
    "entry waits for accept": ("        if (take)\n            entry", "        if (accept)\n            entry"),
    "entry forgets spare": ("entry_full <= spare_full || accept;", "entry_full <= accept;"),
    "entry forgets what arrives": ("entry_full <= spare_full || accept;", "entry_full <= spare_full;"),
    "entry is full always": ("entry_full <= spare_full || accept;", "entry_full <= 1'b1;"),
    "spare is kept full": ("            spare_full <= 1'b0;\n        end else if (acc", "        end else if (acc"),
    "spare is full without notice": ("            spare_full <= 1'b1;\n", ""),
    "ready though spare is full": (
        "            ready <= 1'b0;\n            spare_full <= 1'b1",
        "            spare_full <= 1'b1",
    ),
    "ready though full, given": (
        "        end else if (accept) begin\n            ready <= 1'b0;",
        "        end else if (accept) begin\n            ready <= 1'b1;",
    ),
    "never ready": ("            ready <= 1'b1;", "            ready <= 1'b0;"),
    "accepts what is not valid": ("wire accept = s_axis_tvalid && ready;", "wire accept = ready;"),
    "accepts when not ready": ("wire accept = s_axis_tvalid && ready;", "wire accept = s_axis_tvalid;"),
    "moves always": ("wire move = m_axis_tready || !m_axis_tvalid;", "wire move = 1'b1;"),
    "moves only for the sink": ("wire move = m_axis_tready || !m_axis_tvalid;", "wire move = m_axis_tready;"),
    "moves the wrong way": ("m_axis_tready || !m_axis_tvalid;", "!m_axis_tready || !m_axis_tvalid;"),
    "moves with a valid output": ("m_axis_tready || !m_axis_tvalid;", "m_axis_tready || m_axis_tvalid;"),
    "takes only when empty": ("wire take = move || !entry_full;", "wire take = !entry_full;"),
    "takes always": ("wire take = move || !entry_full;", "wire take = 1'b1;"),
    "no reset of entry": ("            entry_full <= 1'b0;\n", ""),
    "no reset of spare": (
        "            entry_full <= 1'b0;\n            spare_full <= 1'b0;\n",
        "            entry_full <= 1'b0;\n",
    ),
    "no reset of ready": ("        if (!aresetn) begin\n            ready <= 1'b0;\n", "        if (!aresetn) begin\n"),
    "no reset of the core": (".rst(!aresetn)", ".rst(1'b0)"),
    "reset of the core the wrong way": (".rst(!aresetn)", ".rst(aresetn)"),
    "the core moves always": (".en(move)", ".en(1'b1)"),
    "the core moves with the sink": (".en(move)", ".en(m_axis_tready)"),
    "the core takes what is not there": (".in_valid(entry_full)", ".in_valid(1'b1)"),
    "the core takes early": (".in_valid(entry_full)", ".in_valid(accept)"),
    "tlast and tuser do not wait": ("        if (move)\n            beside", "        if (1'b1)\n            beside"),
    "tlast and tuser come early": ("sides[LATENCY*SIDE-1:(LATENCY-1)*SIDE];", "sides[2*SIDE-1:SIDE];"),
    "tlast and tuser come late": ("beside <= sides[(LATENCY-1)*SIDE-1:0];", "beside <= {beside, beside[SIDE-1:0]};"),
    "tlast goes to tuser": ("{s_axis_tuser, s_axis_tlast, ", "{s_axis_tlast, s_axis_tuser, "),
    "tlast is forgotten": ("s_axis_tuser, s_axis_tlast,", "s_axis_tuser, 1'b0,"),
    "tready from the input": ("assign s_axis_tready = ready;", "assign s_axis_tready = ready && s_axis_tvalid;"),
    "tready from the sink": ("assign s_axis_tready = ready;", "assign s_axis_tready = ready && m_axis_tready;"),
    "tdata around the core": (
        "assign m_axis_tdata = {{4{result[11]}}, result};",
        "assign m_axis_tdata = {{4{result[11]}}, result} ^ {16{s_axis_tlast}};",
    ),
    "tdata from the spare": (
        "assign m_axis_tdata = {{4{result[11]}}, result};",
        "assign m_axis_tdata = {{4{result[11]}}, result ^ {12{spare[0]}}};",
    ),
    "tdata from entry": (
        "assign m_axis_tdata = {{4{result[11]}}, result};",
        "assign m_axis_tdata = {{4{result[11]}}, result ^ {12{entry[0]}}};",
    ),
    "another latency": ("localparam LATENCY = 4;", "localparam LATENCY = 3;"),
}


@pytest.mark.parametrize("edit", thinned(WRAPPER))
def test_a_wrong_wrapper_is_refused(tmp_path, edit):
    case = Case("wide", 3)
    verdict = proof(case.write(tmp_path, edit), case)
    assert (verdict.status, verdict.checked) == ("fail", 0)
    assert verdict.note
    assert "Yosys refuses" not in verdict.note


CORE = {
    "a stage does not wait": ("if (en)\n            data_1", "if (1'b1)\n            data_1"),
    "a stage waits the wrong way": ("if (en)\n            data_1", "if (!en)\n            data_1"),
    "a stage waits for valid as well": ("if (en)\n            data_1", "if (en && valid[0])\n            data_1"),
    "a stage is left out": ("data_2 <= data_1", "data_2 <= data_0"),
    "stages are mixed": ("data_2 <= data_1", "data_2 <= data_1 ^ data_0"),
    "a stage feeds back": ("data_2 <= data_1", "data_2 <= data_1 ^ data_2"),
    "a stage depends on valid": ("data_2 <= data_1", "data_2 <= valid[1] ? data_1 : 12'd0"),
    "a stage is reset": ("if (en)\n            data_1", "if (rst) data_1 <= 12'd0; else if (en)\n            data_1"),
    "valid does not wait": ("else if (en)\n            valid", "else\n            valid"),
    "valid is not reset": ("if (rst)\n            valid", "if (1'b0)\n            valid"),
    "valid is reset only when moving": ("if (rst)\n            valid", "if (rst && en)\n            valid"),
    "valid is early": ("out_valid = valid[2]", "out_valid = valid[1]"),
}


@pytest.mark.parametrize("edit", thinned(CORE))
def test_a_wrong_module_within_is_refused(tmp_path, edit):
    case = Case("wide", 3)
    verdict = proof(case.write(tmp_path, core_edit=edit), case)
    assert (verdict.status, verdict.checked) == ("fail", 0)


def test_what_fails_is_named(tmp_path):
    case = Case("wide", 3)
    wrong = WRAPPER["tlast and tuser do not wait"]
    assert proof(case.write(tmp_path, wrong), case).note.startswith("broken: ")
    assert proof(case.write(tmp_path, WRAPPER["tready from the sink"]), case).note == (
        "the input m_axis_tready reaches the output s_axis_tready without a register between"
    )
    note = proof(case.write(tmp_path, core_edit=CORE["a stage does not wait"]), case).note
    assert note.startswith("m_axis_tdata depends on a register that does not wait for the pipeline (dut.v:")


def test_text_that_is_no_verilog_is_refused(tmp_path):
    case = Case("byte", 1)
    verdict = proof(case.write(tmp_path, ("endmodule", "endmodul")), case)
    assert verdict.status == "fail"
    assert "Yosys refuses it" in verdict.note


def test_a_folder_without_a_wrapper_is_skipped(tmp_path):
    case = Case("byte", 1)
    (case.write(tmp_path) / f"{NAME}_axis.v").unlink()
    verdict = proof(tmp_path, case)
    assert verdict.status == "skipped"
    assert "there is no stream wrapper to prove" in verdict.note


def test_a_missing_solver_is_told_with_what_to_install(monkeypatch):
    assert missing_formal() == ""
    there = formal.yosys.which
    monkeypatch.setattr(formal.yosys, "which", lambda name: None if name == "z3" else there(name))
    assert missing_formal().startswith("z3 is missing: pip install z3-solver")
    monkeypatch.setattr(formal.yosys, "which", lambda name: None if "smtbmc" in name else there(name))
    assert missing_formal().startswith("yosys-smtbmc is missing: ")
