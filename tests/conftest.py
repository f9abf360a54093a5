"""What every test shares."""

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("gelugen", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("gelugen")

TOOLS = {"icarus": "iverilog", "cc": "gcc"}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a missing tool at home; on CI a missing tool is a failure."""
    for mark in item.iter_markers("needs"):
        for tool in mark.args:
            if shutil.which(TOOLS[tool]) is None:
                message = f"{TOOLS[tool]} is missing"
                if os.environ.get("CI"):
                    pytest.fail(message)
                pytest.skip(message)
