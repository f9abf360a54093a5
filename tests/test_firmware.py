"""The example firmware, and the peers of the benchmark on microcontrollers."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
FIRMWARE, BENCHMARKS = CHECKOUT / "examples" / "firmware", CHECKOUT / "benchmarks"


@pytest.mark.needs("arm-gcc", "qemu-arm")
@pytest.mark.parametrize(
    ("right", "wrong", "ending"),
    [
        ("", "", "PASS: 128 results of Cortex-M4 beside 128 of NumPy"),
        ("in[i] - gelu_int8_OUTPUT_ZERO_POINT", "in[i]", " differ"),
        ("16777619u", "16777617u", ", the number of results or the checksum is wrong"),
        ("    return board_write", "    return 5 + board_write", ", the firmware ended with 5"),
    ],
    ids=["right", "zero point", "checksum", "status"],
)
def test_the_example_firmware_tells_right_from_wrong(tmp_path, right, wrong, ending):
    for name in ("run.py", "main.c"):
        shutil.copy(FIRMWARE / name, tmp_path)
    text = (tmp_path / "main.c").read_text()
    assert right in text
    (tmp_path / "main.c").write_text(text.replace(right, wrong) if right else text)
    command = [sys.executable, str(tmp_path / "run.py"), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT)
    last = done.stdout.splitlines()[-1]
    assert last.endswith(ending), done.stderr
    assert last.startswith("FAIL: " if right else "PASS: ")
    assert done.returncode == (1 if right else 0)
    assert " for 1024 codes\n" in done.stdout


@pytest.mark.needs("cc")
def test_the_peers_of_the_benchmark_give_the_codes_of_the_runtimes(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import mcu

    checked = 0
    for peer in mcu.PEERS:
        codes = mcu.on_this_machine(peer)
        assert len(codes) == 1 << peer.spec.input.bits
        if peer.model:
            assert (codes != peer.model()).sum() == 0, peer.title
            checked += 1
        assert mcu.error(peer.spec, codes) < 2.5
    assert checked == 4
