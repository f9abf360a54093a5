"""``gelugen report``: one page that stands alone, with the manifest's numbers and the curves of every code."""

import json
import re
import shutil
import subprocess
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from gelugen import ball_function
from gelugen.accuracy import measure
from gelugen.cli import main
from gelugen.flow import generate
from gelugen.report import Records, page
from gelugen.report.plots import histogram
from gelugen.report.segments import cuts
from gelugen.requests import from_toml
from gelugen.spec import Spec, Target
from gelugen.store import read, read_manifest
from gelugen.units import designs_of

INT16 = Path(__file__).parent.parent / "rtl_out" / "gelu_q3_12_faithful"
VOID = {"meta", "link", "br"}
FLOAT32 = "int8:scale=0x1.99999ap-5,zero_point=-3"
SPECS = {
    "folded": Spec("gelu", "q3.4", "q3.4", architecture="residual-table"),
    "plain": Spec("gelu", "q3.4", "q3.4", architecture="table"),
    "affine": Spec("gelu", "int8:scale=0.05,zero_point=-3", "int8:scale=fit", "ulp:2", architecture="uniform-constant"),
    "natural": Spec("sigmoid", "uq1.3", "uq0.4", "ulp:1", architecture="sum-of-tables"),
    "nothing": Spec("relu", "q3.4", "q3.4", architecture="residual-table"),
    "lines": Spec("tanh", "q3.4", "q0.7", "ulp:2", architecture="odd-uniform-linear"),
    "least": Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=4),
    "runtime": Spec("gelu", FLOAT32, FLOAT32, dialect="litert", architecture="table"),
}
UNITS = """
[gated.pairs]
function = "gelu"
input = "q3.4"
intermediate = "q3.4"
up = "q3.4"
output = "q5.2"
architecture = "residual-table"

[gated.broad]
function = "silu"
input = "q3.8"
intermediate = "q3.8"
up = "q3.8"
output = "q5.6"
guarantee = "faithful"
architecture = "residual-table"

[[bank.two]]
name = "first"
function = "gelu"
input = "q3.4"
output = "q3.4"
architecture = "residual-table"

[[bank.two]]
name = "second"
function = "tanh"
input = "q3.4"
output = "q0.7"
architecture = "odd-table"
"""


class Page(HTMLParser):
    """A page, read: elements must be nested and closed.

    Attributes:
        elements: tag and attributes of each, in their order.
        data: the value of each <data>, by its part and class.
        text: all text but that of styles and scripts.
    """

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.data, self.said, self.open = [], {}, [], []
        self.feed(text)
        self.close()
        assert not self.open
        self.text = " ".join(" ".join(self.said).split())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert len(attributes) == len(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "data":
            self.data[attributes["data-part"], attributes["class"]] = attributes["value"]

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.said.append(data)

    def all(self, tag, kind=None):
        return [each for name, each in self.elements if name == tag and (kind is None or each.get("class") == kind)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    out = tmp_path_factory.mktemp("designs")
    made = {name: generate(spec, out, Target(name)).folder for name, spec in SPECS.items()}
    made |= {target.name: generate(spec, out, target).folder for spec, target in from_toml(UNITS, "units")}
    return {**made, "int16": INT16}


@pytest.fixture(scope="module")
def everything(folders):
    """One page of all designs."""
    return page([read(folder) for folder in folders.values()], Records())


def written(*arguments, out):
    assert main(["report", *map(str, arguments), "-o", str(out)]) == 0
    return out.read_text(encoding="utf-8")


def refusal(capsys, *arguments):
    capsys.readouterr()
    assert main(["report", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert not said.out
    return said.err


# -- the page and the manifest -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*SPECS, "pairs", "broad", "two", "int16"])
def test_the_numbers_are_those_of_the_manifest(folders, name, tmp_path):
    found = Page(written(folders[name], out=tmp_path / "page.html"))
    manifest = json.loads((folders[name] / "manifest.json").read_text())
    accuracy = manifest["accuracy"]
    wanted = {("", key): manifest[key] for key in ("rom_bits", "latency")}
    keys = ("max_ulp", "mean_ulp", "correctly_rounded")
    if manifest["kind"] == "bank":
        wanted |= {(part, key): each[key] for part, each in accuracy["members"].items() for key in keys}
    else:
        wanted |= {("", key): accuracy[key] for key in keys}
    if manifest["kind"] == "gated":
        wanted |= {("activation", key): accuracy["activation"][key] for key in (*keys, "worst_code")}
    told = {key: type(value)(found.data[key]) for key, value in wanted.items()}
    assert told == wanted
    assert {each["data-manifest"] for each in found.all("article")} == {manifest["manifest_sha256"]}
    assert manifest["command"] in found.text
    assert f"{manifest['rom_bits']:,} ROM bits" in found.text
    assert "✗" not in found.text


@pytest.mark.parametrize("name", [*SPECS, "two", "pairs", "int16"])
def test_the_curves_are_every_code(folders, name, tmp_path):
    found = Page(written(folders[name], out=tmp_path / "page.html"))
    groups = found.all("div", "curves")
    designs = designs_of(read(folders[name]).design)
    assert len(groups) == len(designs)
    for group, (_, design) in zip(groups, designs, strict=True):
        numbers, form = json.loads(group["data-curves"]), design.spec.input
        outputs = np.frombuffer(b64decode(group["data-outputs"]), "<u2").astype(np.int64) + numbers["least"]
        assert outputs.tolist() == design.eval(form.codes()).tolist()
        errors = np.frombuffer(b64decode(group["data-errors"]), "<i2") * numbers["step"]
        assert np.abs(errors - design.spec.golden().error(outputs)).max() <= numbers["step"] / 2
        assert numbers["step"] <= max(measure(design).max_ulp, 2**-16) / 2**14
        assert (numbers["first"], numbers["zero"], numbers["scale"]) == (form.code_min, form.zero_point, form.scale)
        assert json.loads(group["data-cuts"]) == cuts(design)


def test_no_error_is_lost_where_codes_share_a_column(tmp_path):
    text = written(INT16, out=tmp_path / "page.html")
    (path,) = [each["d"] for each in Page(text).all("path", "error")]
    assert path.count("L") < 2100
    heights = [float(each) for each in re.findall(r" ([\d.]+)", path)]
    design = read(INT16).design
    error = design.spec.golden().error(design.eval(design.spec.input.codes()))
    wanted = [150 - 150 * each / 1.12 for each in (error.max(), error.min())]
    assert [min(heights), max(heights)] == pytest.approx(wanted, abs=0.051)
    (band,) = [each["d"] for each in Page(text).all("path", "band")]
    assert [float(each) for each in re.findall(r"[\d.]+", band)] == pytest.approx([0, 16.1, 1000, 283.9, 0], abs=0.05)
    assert len(text.encode()) < 2e6


def test_histograms_count_every_code():
    design = read(INT16).design
    error = design.spec.golden().error(design.eval(design.spec.input.codes()))
    small, large = histogram(error, True).shapes
    assert small.path.count("M") == 24
    assert large.path.count("M") == np.count_nonzero(np.histogram(np.abs(error), 12, (0.5, 1.0))[0]) * 2
    tie = histogram(np.array([0.5, -0.5, 0.75]), True)
    assert [each.path.count("M") for each in tie.shapes] == [2, 1]


def test_what_is_stored_is_told(folders, tmp_path):
    found = Page(written(INT16, out=tmp_path / "page.html"))
    design = read(INT16).design
    (term,) = design.terms
    rows = [
        [str(each).replace("-", "−") for each in row]
        for row in zip(*(c.values for c in term.coefficients), strict=True)
    ]
    assert len(rows) == 11
    for number, row in enumerate(rows):
        assert re.search(rf" {number} \d+ to \d+ [\d.]+ to [\d.]+ {' '.join(row)} ", found.text)
    assert -4096 * 4 + 0.5 in (marks := cuts(design))
    assert 4096 * 4 - 0.5 in marks
    words = Page(written(folders["plain"], out=tmp_path / "page.html"))
    assert len(words.all("li")) >= read(folders["plain"]).design.terms[0].depth == 255


def test_several_designs_have_a_table_of_contents(folders, everything):
    found = Page(everything)
    names = [folder.name for folder in folders.values()]
    assert [each["href"] for each in found.all("a")] == [f"#{name}" for name in names]
    assert [each["id"] for each in found.all("article")] == names
    assert "int16" not in names
    assert "gelu_q3_12_faithful gelu q3.12 → q3.12 faithful 0.9663 ulp 318 5 ✓ 1 of 1" in found.text


def test_the_command_tells_a_script_what_it_wrote(folders, tmp_path, capsys):
    chosen = [folders["folded"], folders["two"]]
    text = written(*chosen, "--json", out=tmp_path / "page.html")
    said = json.loads(capsys.readouterr().out)
    assert (said["page"], said["bytes"]) == (str(tmp_path / "page.html"), len(text.encode()))
    assert [each["name"] for each in said["designs"]] == ["folded", "two"]


def test_the_page_is_the_same_each_time(folders):
    bundle = read(folders["pairs"])
    assert page([bundle], Records()) == page([bundle], Records())


# -- it stands alone, and nothing in it acts -----------------------------------------------------------------


def test_nothing_is_loaded(everything):
    told = re.sub(r' data-(outputs|errors)="[\w+/=]*"', "", everything)
    assert not re.search(r"https?:|//\w|@import|url\(|fetch\(|XMLHttp", told)
    for _, each in Page(everything).elements:
        assert not {"src", "srcset", "action", "background"} & set(each)
        assert each.get("href", "#").startswith("#") or each["href"] == "data:,"
    assert "default-src 'none'" in everything


HOSTILE = """</script><script>alert(1)</script><img src=x onerror='alert("2")'>"""


def test_text_of_others_is_text(tmp_path, monkeypatch):
    monkeypatch.setattr("gelugen.functions.user._known", {})
    mine = ball_function(lambda x: x / (1 + x * x), name="own:bump", formula=HOSTILE)
    folder = generate(Spec(mine, "q3.4", "q3.4", architecture="table"), tmp_path, Target("own")).folder
    hashed = read_manifest(folder)["manifest_sha256"]
    told = [{"manifest_sha256": hashed, HOSTILE: HOSTILE}]
    verdicts = [{"tool": HOSTILE, "status": "fail", "codes": 256, "note": HOSTILE}] * 2
    files = []
    for number, data in enumerate(
        ({"instructions": told}, {"passed": False, "manifests": {"x": hashed}, "designs": {"x": verdicts}})
    ):
        files += ["--results", tmp_path / f"{number}.json"]
        files[-1].write_text(json.dumps(data))
    found = Page(written(folder, *files, out=tmp_path / "page.html"))
    assert len(found.all("script")) == 1
    assert not found.all("img")
    assert found.text.count(HOSTILE.replace("_", " ")) == 6  # twice the formula, tool and note, head and cell
    assert "✗ FAIL" in found.text


# -- what tools have said ------------------------------------------------------------------------------------


def record(path, data):
    path.write_text(json.dumps(data) if not isinstance(data, str) else data)
    return "--results", str(path)


@pytest.mark.needs("cc")
def test_verdicts_are_taken_by_hash(folders, tmp_path, capsys):
    folder = folders["folded"]
    assert main(["verify", str(folder), "--with", "cc", "--json"]) == 0
    verdicts = json.loads(capsys.readouterr().out)
    assert verdicts["manifests"] == {str(folder): read_manifest(folder)["manifest_sha256"]}
    given = record(tmp_path / "verdicts.json", verdicts)
    found = Page(written(folder, *given, out=tmp_path / "page.html"))
    tools = [each["tool"] for each in verdicts["designs"][str(folder)]]
    assert len(tools) > 2
    assert [found.text.count(tool) for tool in tools[1:]] == [1] * len(tools[1:])
    assert found.text.count("✓ pass 256 of 256 codes 0") == len(tools)
    assert Page(written(folder, "--with", "cc", out=tmp_path / "asked.html")).text == found.text
    assert "says nothing about plain as it is now" in refusal(capsys, folders["plain"], *given)


def test_synthesis_is_taken_by_hash(folders, tmp_path):
    counts = {"luts": 11, "flip_flops": 22, "carry": 33, "wide_muxes": 44, "block_rams": 55, "dsps": 66, "inverters": 0}
    hashes = {name: read_manifest(folders[name])["manifest_sha256"] for name in ("folded", "plain")}
    rows = [
        {"name": "x", "folder": "y", "manifest_sha256": hashes["folded"], "family": "ice40", **counts},
        {"name": "x", "folder": "y", "manifest_sha256": hashes["plain"], "family": "xc7", **counts, "luts": 98765},
    ]
    rows[0]["fmax"] = {"mhz": 123.45, "seeds": [123.45], "device": "hx8k"}
    given = record(tmp_path / "s.json", {"yosys": "0.23", "brams": False, "dsps": True, "designs": rows})
    found = Page(written(folders["folded"], *given, out=tmp_path / "page.html"))
    assert "Yosys 0.23; block RAM not used, DSP allowed" in found.text
    assert "family LUTs FF carry wide muxes BRAM DSP Fmax, MHz device ice40 11 22 33 44 55 66 123.5 hx8k" in found.text
    assert "98765" not in found.text


def test_what_an_exploration_found_stands_beside_the_design(folders, tmp_path):
    flags = ["--function", "gelu", "--input", "q3.4", "--output", "q3.4", "--jobs", "1", "--json"]
    names = "residual-table,residual-dyadic-constant,table"
    assert main(["explore", *flags, "--architecture", names, "-o", str(tmp_path)]) == 0
    results = tmp_path / "results.jsonl"
    before = results.read_bytes()
    text = Page(written(folders["folded"], "--results", results, out=tmp_path / "page.html")).text
    assert results.read_bytes() == before
    told = re.findall(r"(table|residual-dyadic-constant|residual-table this one|plain table) ([\d,]+) – ", text)
    assert told == [
        ("residual-dyadic-constant", "69"),
        ("residual-table this one", "72"),
        ("table", "2,040"),
        ("plain table", "2,048"),
    ]
    assert "found for this request among 3 architectures" in text
    assert "not searched here" not in text
    assert "not searched here" in Page(written(folders["folded"], out=tmp_path / "page.html")).text


def test_a_broken_guarantee_is_seen(folders):
    bundle = read(folders["folded"])
    broken = replace(bundle.design, bias=bundle.design.bias + (2 << bundle.design.shift))
    found = Page(page([replace(bundle, design=broken)], Records()))
    assert re.search(r"✗ correct broken at \d+ of 256 codes", found.text)
    assert "guarantee correct ✗ FAIL 256 of 256 codes" in found.text
    assert found.all("div", "tile broken")


# -- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "is not what gelugen verify --json, gelugen synth --json or gelugen explore have written"),
        ("[]", "is not what"),
        ("\xff", "is not what"),
        ('{"passed": true, "designs": {"x": [{}]}, "manifests": {"x": "0"}}', "is not what"),
        ('{"passed": true, "designs": {"x": []}}', "is not what"),
        ('{"yosys": "0", "brams": true, "dsps": true, "designs": [{"family": "ice40"}]}', "is not what"),
        ('{"instructions": [{"manifest_sha256": "0", "core": "m4"}]}', "says nothing about folded as it is now"),
        ('{"passed": true, "designs": {}, "manifests": {}}', "says nothing about folded as it is now"),
        ('{"file": "gelugen explore", "format": 1}\nx\n', "is corrupt in line 2"),
    ],
)
def test_a_file_of_results_that_says_nothing_is_refused(folders, tmp_path, capsys, text, said):
    given = record(tmp_path / "r.json", text)
    assert said in refusal(capsys, folders["folded"], *given, "-o", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_bad_input_is_one_sentence(folders, tmp_path, capsys):
    folder, out = folders["folded"], tmp_path / "page.html"
    shutil.copytree(folder, tmp_path / "other" / folder.name)
    cases = {
        (tmp_path / "none",): "is no folder: give one that gelugen generate has made",
        (folder, "-o", tmp_path / "page.txt"): "page.txt must end in .html",
        (folder, "-o", tmp_path / "other" / "folded" / "folded.h" / "page.html"): "cannot be written",
        (folder, tmp_path / "other" / folder.name, "-o", out): "design folded is given by two folders",
        (folder, "--results", tmp_path / "none.json", "-o", out): "none.json cannot be read (no such file",
        (folder, "--with", "gdb", "-o", out): "tool 'gdb' is not known",
        (): "the following arguments are required: DIR",
    }
    for arguments, said in cases.items():
        assert said in (sentence := refusal(capsys, *arguments))
        assert sentence.count("\n") == 1
    assert not out.exists()


# -- in a browser --------------------------------------------------------------------------------------------

PROBE = """
<script>
document.querySelectorAll("details").forEach(each => { each.open = true; });
const above = document.querySelector('[data-kind="function"] svg'), design = above.querySelector("path.design");
const before = design.getAttribute("d");
for (let i = 0; i < 7; i++) document.querySelector("[data-do=in]").click();
setTimeout(() => {
  const box = above.getBoundingClientRect(), clientX = box.left + box.width * 0.9;
  above.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY: box.top + 9, pointerId: 7 }));
  document.title = JSON.stringify({
    changed: before !== design.getAttribute("d"),
    read: document.querySelector(".readout").textContent,
    marked: above.querySelector("path.at") !== null,
    dots: document.querySelector("path.dots").getAttribute("d").split("M").length - 1,
    wide: document.documentElement.scrollWidth - innerWidth,
  });
}, 400);
</script>
"""


def browse(path, *flags):
    """What a headless browser has made of a page, and what it has complained of."""
    command = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    fixed = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=4000"]
    ran = subprocess.run(
        [command, *fixed, f"--user-data-dir={path.parent / 'profile'}", *flags, "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return ran.stdout, [each for each in ran.stderr.splitlines() if "CONSOLE" in each]


@pytest.mark.needs("chromium")
def test_a_browser_shows_it_zooms_it_and_complains_of_nothing(folders, tmp_path):
    text = written(INT16, folders["two"], folders["pairs"], out=tmp_path / "page.html")
    probe = tmp_path / "probe.html"
    probe.write_text(text.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    shown, complaints = browse(probe, "--window-size=390,844")
    assert complaints == []
    seen = json.loads(re.search(r"<title>(.*)</title>", shown)[1].replace("&amp;", "&"))
    assert seen["changed"]
    assert seen["marked"]
    assert 512 <= seen["dots"] <= 514
    design = read(INT16).design
    told = re.fullmatch(r"code (\S+) · x (\S+) · output code (\S+) = (\S+) · error (\S+)", seen["read"]).groups()
    code, x, output, value, error = (each.replace("−", "-") for each in told)
    number, right = int(code), design.eval([int(code)])[0]
    assert 150 < number < 256
    assert float(x) == pytest.approx(number / 4096, rel=1e-5)
    assert int(output) == right > 0
    assert float(value) == pytest.approx(right / 4096, rel=1e-5)
    truth = design.spec.golden().error(design.eval(design.spec.input.codes()))[number + 32768]
    assert abs(truth) > 0.1
    assert float(error) == pytest.approx(truth, abs=1e-4)
    assert seen["wide"] <= 0
    told = dict(re.findall(r'<data class="(\w+)" value="([^"]+)" data-part="">', shown[: shown.index('id="two"')]))
    manifest = json.loads((INT16 / "manifest.json").read_text())
    wanted = {**manifest, **manifest["accuracy"]}
    assert {key: type(wanted[key])(text) for key, text in told.items()} == {key: wanted[key] for key in told}
    assert len(told) == 6


@pytest.mark.needs("chromium")
def test_a_browser_would_complain(tmp_path):
    (tmp_path / "bad.html").write_text("<script>nothing.there()</script>")
    assert browse(tmp_path / "bad.html")[1]
