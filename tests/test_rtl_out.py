"""rtl_out/ is what the default set gives, to the byte."""

from pathlib import Path

import pytest

from gelugen.emit import emit
from gelugen.flow import default_set
from gelugen.search import build

RTL_OUT = Path(__file__).parent.parent / "rtl_out"


@pytest.mark.parametrize(("spec", "target"), default_set(), ids=lambda each: getattr(each, "name", ""))
def test_the_committed_folder_regenerates_to_the_byte(spec, target):
    files = emit(build(spec), target)
    folder = RTL_OUT / target.name
    assert {path.name for path in folder.iterdir()} == set(files)
    for name, text in files.items():
        assert (folder / name).read_bytes() == text.encode(), f"{name} differs: run gelugen generate"


def test_nothing_else_is_committed_there():
    assert {path.name for path in RTL_OUT.iterdir()} == {target.name for _, target in default_set()}
