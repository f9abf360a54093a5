"""Builds a simulation and runs it under cocotb, in a process of its own so that it can be ended.

    python simulate.py asked.json

``asked.json`` holds the ``simulator`` and the keyword arguments of its ``build`` and its ``test``. This is the only
place that knows cocotb's runner, which its documentation calls experimental. The runner hands on ``sys.path``, which
starts with this folder, and so the simulation finds the benches here.
"""

import json
import sys
from pathlib import Path

from cocotb_tools.runner import get_runner


def main() -> int:
    """Exit code 1 where the tools fail, which have said why."""
    asked = json.loads(Path(sys.argv[1]).read_text())
    runner = get_runner(asked["simulator"])
    runner.log.disabled = True
    try:
        runner.build(**asked["build"])
        runner.test(**asked["test"])
    except RuntimeError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
