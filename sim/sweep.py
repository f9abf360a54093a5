"""The cocotb bench: all codes of whatever unit it is given, with gaps in valid and a reset midway.

It reads GELUGEN_SWEEP: JSON with ``latency``, with ``ports`` (the width of each input by its name), with ``samples``
(what each input is driven with) and ``expected`` (what must come out), all as unsigned words. It drives the samples in
random order, compares every clock with a model of the pipeline, and writes what it saw to GELUGEN_RESULT. It judges
nothing: ``gelugen.verify`` does.

On every rising edge the bench sees the outputs as they were before that edge, and the module takes the inputs
that were driven since the last one. So a sample taken at edge i must be seen at edge i + latency.
"""

import json
import os
import random
from collections import deque
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

SEED = 20240


class Sweep:
    """The stimulus, the model of the pipeline, and the tally."""

    def __init__(self, dut, asked: dict) -> None:
        self.clk = dut.clk
        self.in_valid, self.rst = dut.in_valid, dut.rst
        self.out_valid, self.out_data = dut.out_valid, dut.out_data
        self.rng = random.Random(SEED)  # noqa: S311 - a stimulus, not a secret
        self.ports = [(getattr(dut, name), (1 << bits) - 1) for name, bits in asked["ports"].items()]
        self.samples = list(zip(*asked["samples"], strict=True))
        self.expected = asked["expected"]
        self.waiting = deque(self.rng.sample(range(len(self.samples)), len(self.samples)))
        self.pipeline: deque[int | None] = deque([None] * asked["latency"], maxlen=asked["latency"])
        self.driven: int | None = None
        self.in_reset = False
        self.seen: dict[int, str] = {}
        self.protocol: list[str] = []
        self.clocks = 0

    def compare(self) -> None:
        """Hold what the module shows against the sample that is due now."""
        due = self.pipeline[0]
        valid = str(self.out_valid.value)
        if valid != ("0" if due is None else "1"):
            self.protocol.append(f"clock {self.clocks}: out_valid is {valid}")
        if due is not None:
            self.seen[due] = str(self.out_data.value)

    def take(self) -> None:
        """What the module takes at this edge enters the model; a reset empties it, and its samples wait again."""
        if self.in_reset:
            self.waiting.extend(sample for sample in (*self.pipeline, self.driven) if sample is not None)
            self.pipeline.extend([None] * len(self.pipeline))
        else:
            self.pipeline.append(self.driven)

    def drive(self, reset: bool = False) -> None:
        """Choose the next inputs: a sample, or one time in five a gap with changing data."""
        sample = self.waiting.popleft() if self.waiting and self.rng.random() < 0.8 else None
        if reset != self.in_reset:
            self.rst.value = int(reset)
        if (sample is None) != (self.driven is None) or not self.clocks:
            self.in_valid.value = int(sample is not None)
        for number, (port, mask) in enumerate(self.ports):
            port.value = self.clocks & mask if sample is None else self.samples[sample][number]
        self.driven, self.in_reset = sample, reset

    async def run(self) -> None:
        """Reset, the whole sweep with a reset in its middle, and what is then left in the pipeline."""
        for signal, value in ((self.rst, 1), (self.in_valid, 0), *((port, 0) for port, _ in self.ports)):
            signal.value = value
        Clock(self.clk, 2, "step", impl="gpi").start()
        for _ in range(len(self.pipeline) + 2):
            await RisingEdge(self.clk)
        self.in_reset = True
        middle, held = len(self.waiting) // 2, 3
        while self.waiting or self.driven is not None or any(sample is not None for sample in self.pipeline):
            reset = held > 0 and len(self.waiting) <= middle
            held -= reset
            await self.clock(reset)
        for _ in range(len(self.pipeline) + 1):
            await self.clock()

    async def clock(self, reset: bool = False) -> None:
        """One clock: drive, let the edge pass, compare what was there before it."""
        self.drive(reset)
        await RisingEdge(self.clk)
        self.compare()
        self.take()
        self.clocks += 1

    def result(self) -> dict:
        """The tally: samples seen, mismatches in the stimulus's order, unknown bits, errors of the handshake."""
        wrong = [sample for sample, bits in sorted(self.seen.items()) if not _equal(bits, self.expected[sample])]
        return {
            "checked": len(self.seen),
            "mismatches": len(wrong),
            "first": None if not wrong else [wrong[0], self.expected[wrong[0]], self.seen[wrong[0]]],
            "unknown": sum(not set(bits) <= {"0", "1"} for bits in self.seen.values()),
            "protocol": self.protocol[:10],
            "clocks": self.clocks,
        }


def _equal(bits: str, expected: int) -> bool:
    return set(bits) <= {"0", "1"} and int(bits, 2) == expected


@cocotb.test()
async def sweep(dut) -> None:
    """Sweep all codes and write the tally."""
    bench = Sweep(dut, json.loads(Path(os.environ["GELUGEN_SWEEP"]).read_text()))
    await bench.run()
    Path(os.environ["GELUGEN_RESULT"]).write_text(json.dumps(bench.result()))
