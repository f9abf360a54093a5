"""One TOML file for the activations of a network: designs, gated units, and what they share."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from gelugen.cli import main
from gelugen.errors import GelugenError
from gelugen.requests import from_toml, to_toml
from gelugen.tools import run
from gelugen.verify.c import STRICT

EXAMPLE = Path(__file__).parent.parent / "examples" / "network.toml"
GELU = '[design.a]\nfunction = "gelu"\ninput = "q3.4"\noutput = "q3.4"\n'


TANH = '[design.b]\nfunction = "tanh"\ninput = "q3.4"\noutput = "q0.7"\n'
GEGLU = '[gated.g]\nfunction = "geglu"\ninput = "q3.4"\nintermediate = "q3.4"\noutput = "q3.4"\n'


def read(text):
    return {target.name: spec for spec, target in from_toml(text, "layers.toml")}


def test_defaults_hold_where_a_design_says_nothing():
    text = f'[defaults]\nguarantee = "ulp:2"\nties = "away"\n{GELU}{TANH}guarantee = "correct"\n'
    specs = read(text)
    assert [str(spec.guarantee) for spec in specs.values()] == ["ulp:2", "correct"]
    assert {spec.ties for spec in specs.values()} == {"away"}


def test_formats_may_be_defaults():
    specs = read(
        '[defaults]\ninput = "q3.4"\noutput = "q3.4"\n[design.a]\nfunction = "gelu"\n[design.b]\nfunction = "tanh"\n'
    )
    assert {str(spec.input) for spec in specs.values()} == {"q3.4"}


def test_a_design_of_least_error_takes_no_guarantee_from_the_defaults():
    text = f'[defaults]\nguarantee = "faithful"\nobjective = "rom-bits"\n{GELU}minimise = "mse"\nsegments = 4\n'
    assert read(text)["a"].guarantee is None


def test_a_named_architecture_takes_no_exclusion_from_the_defaults():
    specs = read(f'[defaults]\nexclude = "multiplier"\n{GELU}architecture = "table"\n')
    assert specs["a"].exclude == ()


def test_a_gated_unit_takes_the_defaults_that_it_knows():
    spec = read(f'[defaults]\nguarantee = "faithful"\nup = "q3.4"\n{GEGLU}{GELU}')["g"]
    assert str(spec.activation.guarantee) == "faithful"
    assert str(spec.up) == "q3.4"


def test_files_with_and_without_defaults_give_the_same_specs():
    text = f'[defaults]\nguarantee = "ulp:2"\n{GELU}'
    assert read(text) == read(f'{GELU}guarantee = "ulp:2"\n')
    assert read(to_toml(read(text))) == read(text)


@pytest.mark.parametrize(
    ("defaults", "sentence"),
    [
        ("defaults = 3\n", "defaults 3 must be a table [defaults]"),
        (
            '[defaults]\nguarantees = "correct"\n',
            "[defaults]: key 'guarantees' is not known: the keys are architecture, ",
        ),
        ('[defaults]\nfunction = "gelu"\n', "[defaults]: key 'function' is not known"),
        ('[defaults]\nguarantee = "best"\n', "[design.a]: guarantee 'best' is not known"),
        ('[default]\nguarantee = "correct"\n', "unknown key 'default'"),
    ],
)
def test_what_is_wrong_in_defaults_is_one_sentence(defaults, sentence):
    with pytest.raises(GelugenError) as refusal:
        read(defaults + GELU)
    assert sentence in str(refusal.value)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """The folders of the example, made by the command line."""
    out = tmp_path_factory.mktemp("network")
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert main(["generate", str(EXAMPLE), "-o", str(out), "--json"]) == 0
    return out, json.loads(printed.getvalue())


LARGE = ("head_tanh", "block1_ffn")
"""Those of 65,536 codes and pairs, which take Icarus most of the time."""


@pytest.mark.parametrize(
    ("tool", "large"),
    [
        pytest.param("cc", True, marks=pytest.mark.needs("cc")),
        pytest.param("icarus", False, marks=pytest.mark.needs("icarus")),
        pytest.param("icarus", True, marks=[pytest.mark.needs("icarus"), pytest.mark.slow]),
    ],
)
def test_the_example_is_a_network_that_verifies(network, capsys, tool, large):
    _, made = network
    assert len(made) == 7
    assert not [each["name"] for each in made if each["warnings"]]
    folders = [each["folder"] for each in made if large or each["name"] not in LARGE]
    assert len(folders) == (7 if large else 5)
    assert main(["verify", *folders, "--with", tool, "--json"]) == 0
    verdicts = json.loads(capsys.readouterr().out)
    assert verdicts["passed"]
    assert list(verdicts["designs"]) == folders


@pytest.mark.needs("cc")
def test_all_headers_of_the_example_stand_in_one_program(network, tmp_path):
    out, made = network
    includes = "".join(f'#include "{each["name"]}/{each["name"]}.h"\n' for each in made)
    (tmp_path / "all.c").write_text(f"{includes}int main(void)\n{{\n    return 0;\n}}\n")
    compiled = run(["gcc", *STRICT, "-iquote", out, "all.c", "-o", "all"], tmp_path)
    assert compiled.returncode == 0, compiled.stderr.decode()


def test_a_degenerate_layer_is_told_on_the_terminal_in_json_and_in_its_files(tmp_path, capsys):
    flags = ["--function", "gelu", "--input", "int8:scale=1", "--output", "int8:scale=1", "-o", str(tmp_path)]
    assert main(["generate", *flags]) == 0
    assert "gelugen: warning: gelu_q7_0_correct: gelu from q7.0" in capsys.readouterr().err
    assert main(["generate", *flags, "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)
    (sentence,) = made["warnings"]
    assert "is plain ReLU in all 256 codes" in sentence
    folder = Path(made["folder"])
    assert json.loads((folder / "manifest.json").read_text())["warnings"] == [sentence]
    for name in (f"{folder.name}.h", f"{folder.name}.v"):
        text = (folder / name).read_text()
        assert "warning    gelu from q7.0" in text
    assert main(["show", str(folder)]) == 0
    assert "plain ReLU" in capsys.readouterr().out
    assert main(["show", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == [sentence]
