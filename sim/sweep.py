"""The cocotb bench: all codes of whatever unit it is given, with gaps in valid and resets midway.

It drives the samples in random order, compares every clock with a model of the pipeline, and writes what it saw to
the file GELUGEN_RESULT. It judges nothing: ``gelugen.verify`` does. The file GELUGEN_SWEEP says in JSON what is asked
of it; all codes are unsigned words.

| | |
|---|---|
| ``latency`` | clocks from ``in_valid`` to ``out_valid``; 0: combinational, and clk and rst need not be there |
| ``ports`` | the width of each input's sample by the port's name |
| ``samples``, ``expected`` | what each port is driven with, a list for each; what must come out |
| ``output`` | the width of an output sample; without it, any |
| ``lanes`` | how many samples a clock, lane 0 in the lowest bits; 1 without it |
| ``shared`` | ports that all lanes share, such as the select of a bank; none without it |
| ``enable`` | whether there is an ``en``, without which the pipeline stands still; false without it |
| ``writes`` | pairs (address, word) that are written through wr_en, wr_addr, wr_data after a first sweep |
| ``expected2`` | what must then come out of a second one; the result has it as ``second`` |

``en`` is low one time in four, and in one of two resets, which it does not hold up; while words are written it is high.

A clock is two steps of time. In the first, clk is low and the inputs change; at its end the outputs are compared, so
that what should be registered and is not shows the wrong sample. Then clk rises, and the module takes the inputs. So a
sample taken at edge i must be seen right before edge i + latency. No input changes where clk rises: no simulator's
order of events, and no netlist's, makes a difference.
"""

import json
import os
import random
from collections import deque
from pathlib import Path

import cocotb
from cocotb.triggers import Timer

SEED = 20240
GAPS, STALLS = 0.2, 0.25
HELD = 3  # clocks that a reset lasts


class Bench:
    """The module's ports, its clock, and what is driven while nothing is asked of it."""

    def __init__(self, dut, asked: dict) -> None:
        self.dut, self.asked = dut, asked
        self.latency, self.lanes = asked["latency"], asked.get("lanes", 1)
        self.rng = random.Random(SEED)  # noqa: S311 - a stimulus, not a secret
        self.clk = dut.clk if self.latency or "writes" in asked else None
        self.rst = dut.rst if self.latency else None
        self.en = dut.en if asked.get("enable") else None
        self.in_valid, self.out_valid, self.out_data = dut.in_valid, dut.out_valid, dut.out_data
        shared = asked.get("shared", ())
        self.ports = [
            (getattr(dut, name), (1 << bits * (1 if name in shared else self.lanes)) - 1)
            for name, bits in asked["ports"].items()
        ]
        self.step = Timer(1, "step")
        self.writing = (dut.wr_en, dut.wr_addr, dut.wr_data) if "writes" in asked else ()

    async def start(self) -> None:
        """Start the clock, and hold the module in reset until nothing unknown is left in its control."""
        quiet = [
            self.in_valid,
            *(port for port, _ in self.ports),
            *self.writing,
            *([] if self.en is None else [self.en]),
        ]
        for signal in quiet:
            signal.value = 0
        if self.rst is not None:
            self.rst.value = 1
        elif hasattr(self.dut, "rst"):
            self.dut.rst.value = 0
        for _ in range(self.latency + 2):
            await self.clock()

    async def settle(self) -> None:
        """The first half of a clock, at whose end the outputs follow the inputs."""
        if self.clk is not None:
            self.clk.value = 0
        await self.step

    async def rise(self) -> None:
        """The second half: the module takes its inputs."""
        if self.clk is not None:
            self.clk.value = 1
            await self.step

    async def clock(self) -> None:
        """A clock at which nothing is compared."""
        await self.settle()
        await self.rise()

    async def write(self) -> None:
        """Write the second image, with gaps; the pipeline is empty and moves."""
        wr_en, wr_addr, wr_data = self.writing
        self.in_valid.value = 0
        if self.en is not None:
            self.en.value = 1
        for address, word in self.asked["writes"]:
            while self.rng.random() < GAPS:
                self.idle_writes()
                await self.clock()
            wr_en.value, wr_addr.value, wr_data.value = 1, address, word
            await self.clock()
        self.idle_writes()
        for _ in range(self.latency + 1):
            await self.clock()

    def idle_writes(self) -> None:
        """Garbage on a write port that is not enabled."""
        wr_en, wr_addr, wr_data = self.writing
        wr_en.value = 0
        for signal in (wr_addr, wr_data):
            signal.value = self.rng.getrandbits(len(signal))


class Sweep:
    """One sweep: the stimulus, the model of the pipeline, and the tally.

    A beat is what goes in at one clock: as many samples as there are lanes.
    """

    def __init__(self, bench: Bench, expected: list) -> None:
        self.bench, self.expected, self.rng = bench, expected, bench.rng
        self.beats = list(self._beats())
        self.words = [self._words(beat) for beat in self.beats]
        self.waiting = deque(self.rng.sample(range(len(self.beats)), len(self.beats)))
        self.pipeline: deque[int | None] = deque([None] * bench.latency, maxlen=bench.latency)
        self.driven: int | None = None
        self.in_reset = bench.rst is not None
        self.enabled = True
        self.seen: dict[int, str] = {}
        self.protocol: list[str] = []
        self.clocks = 0

    def _beats(self):
        """The samples, as many a beat as there are lanes and alike on shared ports; the last are padded with others."""
        lanes, asked = self.bench.lanes, self.bench.asked
        if lanes == 1:
            yield from ((number,) for number in range(len(self.expected)))
            return
        shared = [codes for port, codes in zip(asked["ports"], asked["samples"], strict=True) if self._shared(port)]
        groups: dict[tuple, list[int]] = {}
        for number, key in enumerate(zip(*shared, strict=True) if shared else ((),) * len(self.expected)):
            groups.setdefault(key, []).append(number)
        for group in groups.values():
            order = self.rng.sample(group, len(group))
            order += self.rng.choices(group, k=-len(group) % lanes)
            yield from zip(*(order[lane::lanes] for lane in range(lanes)), strict=True)

    def _shared(self, port: str) -> bool:
        return port in self.bench.asked.get("shared", ())

    def _words(self, beat: tuple[int, ...]) -> list[int]:
        """What each port is driven with."""
        asked = self.bench.asked
        words = []
        for (port, bits), codes in zip(asked["ports"].items(), asked["samples"], strict=True):
            part = beat[:1] if self._shared(port) else beat
            words.append(sum(codes[sample] << lane * bits for lane, sample in enumerate(part)))
        return words

    def compare(self) -> None:
        """Hold what the module shows against the beat that is due now."""
        due = self.pipeline[0] if self.pipeline else self.driven
        valid = str(self.bench.out_valid.value)
        if valid != ("0" if due is None else "1"):
            self.protocol.append(f"clock {self.clocks}: out_valid is {valid}")
        if due is not None:
            self.seen[due] = str(self.bench.out_data.value)

    def take(self) -> None:
        """What the module takes at this edge enters the model; a reset empties it, and its beats wait again."""
        if self.in_reset:
            self.waiting.extend(beat for beat in (*self.pipeline, self.driven) if beat is not None)
            self.pipeline.extend([None] * len(self.pipeline))
        elif self.enabled:
            self.pipeline.append(self.driven)
        elif self.driven is not None:
            self.waiting.append(self.driven)

    def drive(self, reset: bool, enabled: bool) -> None:
        """Choose the next inputs: a beat, or one time in five a gap with changing data."""
        bench = self.bench
        beat = self.waiting.popleft() if self.waiting and self.rng.random() >= GAPS else None
        if reset != self.in_reset:
            bench.rst.value = int(reset)
        if bench.en is not None and (enabled != self.enabled or not self.clocks):
            bench.en.value = int(enabled)
        if (beat is None) != (self.driven is None) or not self.clocks:
            bench.in_valid.value = int(beat is not None)
        for number, (port, mask) in enumerate(bench.ports):
            port.value = self.clocks & mask if beat is None else self.words[beat][number]
        if bench.writing:
            bench.idle_writes()
        self.driven, self.in_reset, self.enabled = beat, reset, enabled

    async def run(self) -> None:
        """The whole sweep with resets midway, and what is then left in the pipeline."""
        total = len(self.waiting)
        # With en, a reset while it is low and one while it is high.
        resets = {total * 2 // 3: False, total // 3: True} if self.bench.en is not None else {total // 2: True}
        held, enabled = 0, True
        while self.waiting or self.driven is not None or any(beat is not None for beat in self.pipeline):
            # With a sample in the last stage: a reset that spares that stage, or comes without a clock, is seen.
            due = not self.pipeline or self.pipeline[0] is not None
            if self.bench.rst is not None and not held and resets and due and len(self.waiting) <= max(resets):
                held, enabled = HELD, resets.pop(max(resets))
            await self.clock(held > 0, enabled if held else None)
            held = max(held - 1, 0)
        for _ in range(self.bench.latency + 1):
            await self.clock()

    async def clock(self, reset: bool = False, enabled: bool | None = None) -> None:
        """One clock: drive, compare, let the edge pass."""
        if enabled is None:
            enabled = self.bench.en is None or self.rng.random() >= STALLS
        self.drive(reset, enabled)
        await self.bench.settle()
        self.compare()
        await self.bench.rise()
        if self.pipeline:
            self.take()
        self.clocks += 1

    def result(self) -> dict:
        """The tally: samples seen, mismatches in the stimulus's order, unknown bits, errors of the handshake."""
        width = len(self.bench.out_data) // self.bench.lanes
        wanted = self.bench.asked.get("output", width)
        if len(self.bench.out_data) != wanted * self.bench.lanes:
            self.protocol.insert(0, f"out_data has {len(self.bench.out_data)} bits, not {wanted * self.bench.lanes}")
        seen: dict[int, str] = {}
        for beat, bits in self.seen.items():
            for lane, sample in enumerate(self.beats[beat]):
                word = bits[len(bits) - (lane + 1) * width : len(bits) - lane * width]
                if sample not in seen or _equal(seen[sample], self.expected[sample]):
                    seen[sample] = word
        wrong = [sample for sample, bits in sorted(seen.items()) if not _equal(bits, self.expected[sample])]
        return {
            "checked": len(seen),
            "mismatches": len(wrong),
            "first": None if not wrong else [wrong[0], self.expected[wrong[0]], seen[wrong[0]]],
            "unknown": sum(not set(bits) <= {"0", "1"} for bits in seen.values()),
            "protocol": self.protocol[:10],
            "clocks": self.clocks,
        }


def _equal(bits: str, expected: int) -> bool:
    return set(bits) <= {"0", "1"} and int(bits, 2) == expected


@cocotb.test()
async def sweep(dut) -> None:
    """Sweep all codes, of both images where there are two, and write the tally."""
    asked = json.loads(Path(os.environ["GELUGEN_SWEEP"]).read_text())
    bench = Bench(dut, asked)
    await bench.start()
    first = Sweep(bench, asked["expected"])
    await first.run()
    result = first.result()
    if bench.writing:
        await bench.write()
        second = Sweep(bench, asked["expected2"])
        second.in_reset = False
        await second.run()
        result["second"] = second.result()
    Path(os.environ["GELUGEN_RESULT"]).write_text(json.dumps(result))
