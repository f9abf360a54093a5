"""The folder on disk: whole or not at all, and nobody else's files."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from gelugen import store
from gelugen.emit import MANIFEST, emit
from gelugen.errors import GelugenError
from gelugen.search import build
from gelugen.spec import Spec, Target


@pytest.fixture(scope="module")
def files():
    return emit(build(Spec("gelu", "q3.4", "q3.4")), Target("act"))


@pytest.fixture(scope="module")
def other():
    return emit(build(Spec("gelu", "q2.4", "q2.4", "faithful", "table")), Target("act"))


def test_what_is_written_is_read_back(tmp_path, files):
    assert store.write(tmp_path / "new" / "deep", "act", files) == "written"
    bundle = store.read(tmp_path / "new" / "deep" / "act")
    assert bundle.name == "act"
    assert bundle.design == build(Spec("gelu", "q3.4", "q3.4"))
    assert store.load(bundle.folder) == bundle.design


def test_nothing_is_written_when_all_is_equal(tmp_path, files):
    store.write(tmp_path, "act", files)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "act").iterdir()}
    assert store.write(tmp_path, "act", files) == "unchanged"
    assert before == {path.name: path.stat().st_mtime_ns for path in (tmp_path / "act").iterdir()}


def test_an_old_design_is_replaced_whole(tmp_path, files, other):
    store.write(tmp_path, "act", files)
    assert store.write(tmp_path, "act", other) == "written"
    assert {path.name: path.read_text() for path in (tmp_path / "act").iterdir()} == other
    assert [path.name for path in tmp_path.iterdir()] == ["act"]


def test_without_an_atomic_exchange_two_steps_do_it(tmp_path, files, other, monkeypatch):
    monkeypatch.setattr(sys, "platform", "plan9")
    store.write(tmp_path, "act", files)
    store.write(tmp_path, "act", other)
    assert {path.name: path.read_text() for path in (tmp_path / "act").iterdir()} == other
    assert [path.name for path in tmp_path.iterdir()] == ["act"]


def test_a_folder_left_aside_between_the_two_steps_is_put_back(tmp_path, files):
    store.write(tmp_path, "act", files)
    (tmp_path / "act").rename(tmp_path / ".act.gelugen-old")
    assert store.read(tmp_path / "act").name == "act"


@pytest.mark.parametrize("name", ["notes.txt", "act_old.v", ".hidden"])
def test_a_foreign_file_in_the_folder_is_a_refusal(tmp_path, files, other, name):
    store.write(tmp_path, "act", files)
    (tmp_path / "act" / name).write_text("mine")
    with pytest.raises(GelugenError, match=f"{name} was not made by gelugen"):
        store.write(tmp_path, "act", other)
    assert (tmp_path / "act" / name).read_text() == "mine"
    assert (tmp_path / "act" / MANIFEST).read_text() == files[MANIFEST]


def test_a_folder_without_manifest_is_a_refusal(tmp_path, files):
    (tmp_path / "act").mkdir()
    (tmp_path / "act" / "act.h").write_text("mine")
    with pytest.raises(GelugenError, match=r"act\.h was not made by gelugen"):
        store.write(tmp_path, "act", files)
    assert [path.name for path in tmp_path.iterdir()] == ["act"]


def test_a_file_or_a_link_in_the_place_of_the_folder_is_a_refusal(tmp_path, files):
    (tmp_path / "act").write_text("mine")
    with pytest.raises(GelugenError, match="is not a folder"):
        store.write(tmp_path, "act", files)
    (tmp_path / "real").mkdir()
    (tmp_path / "act").unlink()
    (tmp_path / "act").symlink_to(tmp_path / "real")
    with pytest.raises(GelugenError, match="is not a folder"):
        store.write(tmp_path, "act", files)


def test_an_output_folder_that_cannot_be_made_is_a_refusal(tmp_path, files):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(GelugenError, match="cannot be written"):
        store.write(tmp_path / "file" / "below", "act", files)


@pytest.mark.parametrize("name", ["act.h", "act.v", "act.mem", "act_tb.v", "act_expected.mem", MANIFEST])
@pytest.mark.parametrize("harm", ["changed", "deleted"])
def test_a_changed_or_half_deleted_folder_is_refused_by_name(tmp_path, files, name, harm):
    store.write(tmp_path, "act", files)
    path = tmp_path / "act" / name
    if harm == "changed":
        text = path.read_text()
        path.write_text(text.replace("0", "1", 1))
    else:
        path.unlink()
    with pytest.raises(GelugenError, match=name.replace(".", r"\.")):
        store.read(tmp_path / "act")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"schema": 99}', '{"schema": 2}', "\x00", '{"schema": 2, "files": {"../x": ""}}']
)
def test_a_manifest_that_is_none_is_refused(tmp_path, files, text):
    store.write(tmp_path, "act", files)
    (tmp_path / "act" / MANIFEST).write_text(text)
    with pytest.raises(GelugenError, match="manifest"):
        store.read(tmp_path / "act")


def test_a_manifest_that_names_a_path_is_refused_even_with_a_right_digest(tmp_path, files):
    from gelugen.emit.manifest import digest

    store.write(tmp_path, "act", files)
    data = json.loads(files[MANIFEST])
    data["files"]["../act.h"] = data["files"]["act.h"]
    data["manifest_sha256"] = digest(data)
    (tmp_path / "act" / MANIFEST).write_text(json.dumps(data))
    with pytest.raises(GelugenError, match="outside its folder"):
        store.read(tmp_path / "act")


WRITER = """
import itertools, sys
from gelugen import store
from gelugen.emit import emit
from gelugen.search import build
from gelugen.spec import Spec, Target
sets = [emit(build(Spec("gelu", "q3.4", "q3.4", "correct", a)), Target("act")) for a in ("table", "residual-table")]
print("ready", flush=True)
for files in itertools.cycle(sets):
    store.write(sys.argv[1], "act", files)
"""


def test_killing_the_writer_leaves_the_old_folder_or_the_new_one(tmp_path):
    """Ten kills at odd moments: each time every file is there and has its hash, and the next run cleans up."""
    seen = set()
    for attempt in range(10):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.013 + 0.0067 * attempt)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        seen.add(store.read(tmp_path / "act").design.architecture)
    assert seen == {"table", "residual-table"}
    store.write(tmp_path, "act", emit(build(Spec("gelu", "q3.4", "q3.4")), Target("act")))
    assert [path.name for path in tmp_path.iterdir()] == ["act"]


def test_reading_never_touches_what_stands_beside(tmp_path, files):
    store.write(tmp_path, "act", files)
    for name in (".act.old", ".act.gelugen-old", ".act.new-1", ".other.gelugen-old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("precious")
    store.read(tmp_path / "act")
    with pytest.raises(GelugenError, match="is no folder"):
        store.read(tmp_path / "other")
    assert store.write(tmp_path, "act", files) == "unchanged"
    assert len(list(tmp_path.glob(".*/thesis.txt"))) == 4


def test_many_processes_that_write_the_same_design_at_once_all_succeed(tmp_path):
    code = "import sys; from gelugen import generate, Spec; generate(Spec('gelu', 'q3.4', 'q3.4'), sys.argv[1])"
    for attempt in range(4):
        place = tmp_path / f"{attempt}"
        writers = [subprocess.Popen([sys.executable, "-c", code, str(place)], stderr=subprocess.PIPE) for _ in range(4)]
        for writer in writers:
            _, said = writer.communicate()
            assert (writer.returncode, said) == (0, b"")
        assert [path.name for path in place.iterdir()] == ["gelu_q3_4_correct"]
        store.read(place / "gelu_q3_4_correct")
