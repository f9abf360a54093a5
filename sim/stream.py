"""The cocotb bench of AXI4-Stream wrappers: all transfers, with gaps, stalls, packets and resets midway.

It drives the transfers in random order, in packets of random length and with a random tuser, and holds every clock
against a queue of what the module has taken. What comes out of order, late, twice, not at all, with another's tlast or
tuser, or changes while it is stalled is noted; what data came is written down. It judges nothing: ``gelugen.verify``
does. What it is asked is JSON, in the file GELUGEN_SWEEP; what it saw goes to the file GELUGEN_RESULT.

| asked | |
|---|---|
| ``latency`` | clocks from an accepted transfer to ``m_axis_tvalid`` if nothing stalls, and never more but for stalls |
| ``transfers`` | words of ``s_axis_tdata`` |
| ``ignored`` | the bits of such a word that must not matter: random ones are driven |

| seen | |
|---|---|
| ``data`` | for each transfer the bits of ``m_axis_tdata``, or null |
| ``protocol`` | what was wrong otherwise, the first ten |
| ``clocks`` | how many it took |

A clock is two steps of time, as in ``sweep.py``: clk is low and inputs change; outputs are compared; clk rises.
"""

import json
import os
import random
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import cocotb
from cocotb.triggers import Timer

SEED = 20240
MOODS = ((0.0, 0.0), (0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.3, 0.3), (0.1, 0.8))
"""Odds of a gap and of a stall: one pair for so many clocks."""
MOOD = 48
HELD = 3  # clocks that a reset lasts


@dataclass
class Transfer:
    """What is sent at once; ``due`` is the clock at which it comes if nothing stalls."""

    number: int
    last: int
    user: int
    due: int = 0


class Stream:
    """The source, the sink, the queue between them, and the tally."""

    def __init__(self, dut, asked: dict) -> None:
        self.dut, self.latency = dut, asked["latency"]
        self.words, self.ignored = asked["transfers"], asked["ignored"]
        self.rng = random.Random(SEED)  # noqa: S311 - a stimulus, not a secret
        self.waiting = deque(self.rng.sample(range(len(self.words)), len(self.words)))
        self.users = len(dut.s_axis_tuser)
        self.left_of_packet = 0
        self.offered: Transfer | None = None
        self.inside: deque[Transfer] = deque()
        self.accepts = False  # m_axis_tready
        self.stalled: tuple[str, ...] | None = None  # what must stay at the output
        self.flows = False  # the output did not stall at the clock before, so tready must be high
        self.data: dict[int, str] = {}
        self.protocol: list[str] = []
        self.clocks = 0
        self.step = Timer(1, "step")
        self.mood = MOODS[0]

    def wrong(self, what: str) -> None:
        """Note what is not as it should be."""
        self.protocol.append(f"clock {self.clocks}: {what}")

    def drive(self, reset: bool) -> None:
        """Choose the next inputs: what was offered and not taken stays; else a new transfer, or a gap with garbage."""
        dut, rng = self.dut, self.rng
        if self.clocks % MOOD == 0:
            self.mood = rng.choice(MOODS)
        gap, stall = self.mood
        if reset and self.offered:
            self.waiting.append(self.offered.number)
            self.offered = None
        if self.offered is None:
            if not reset and self.waiting and rng.random() >= gap:
                self.left_of_packet = self.left_of_packet or rng.choice((1, 2, 3, 7, 20))
                self.left_of_packet -= 1
                self.offered = Transfer(
                    self.waiting.popleft(), int(not self.left_of_packet), rng.getrandbits(self.users)
                )
            word = rng.choice(self.words) if self.offered is None else self.words[self.offered.number]
            dut.s_axis_tdata.value = word & ~self.ignored | rng.getrandbits(self.ignored.bit_length()) & self.ignored
            dut.s_axis_tuser.value = rng.getrandbits(self.users) if self.offered is None else self.offered.user
            dut.s_axis_tlast.value = rng.getrandbits(1) if self.offered is None else self.offered.last
            dut.s_axis_tvalid.value = int(self.offered is not None)
        self.accepts = rng.random() >= stall
        dut.m_axis_tready.value = int(self.accepts)
        dut.aresetn.value = int(not reset)

    def observe(self, reset: bool) -> None:
        """Hold what the module shows right before the clock rises against the queue, and follow what it will do."""
        ready, valid = str(self.dut.s_axis_tready.value), str(self.dut.m_axis_tvalid.value)
        if ready not in ("0", "1") or valid not in ("0", "1"):
            self.wrong(f"s_axis_tready is {ready}, m_axis_tvalid is {valid}")
        shown = self.shown() if valid == "1" else None
        if self.stalled and shown != self.stalled:
            self.wrong("the output changed while it was stalled")
        if self.flows and ready != "1":
            self.wrong("s_axis_tready is low though nothing stalls")
        if (bool(self.inside) and self.inside[0].due <= self.clocks) != (valid == "1"):
            self.wrong(f"m_axis_tvalid is {valid}")
        stall = valid == "1" and not self.accepts
        if reset:
            self.waiting.extend(each.number for each in self.inside)
            self.inside.clear()
            self.stalled, self.flows = None, False
            return
        if shown and self.accepts:
            self.give(shown)
        if stall:
            for each in self.inside:
                each.due += 1
        if self.offered and ready == "1":
            behind = self.inside[-1].due + 1 if self.inside else 0
            self.offered.due = max(self.clocks + self.latency, behind)
            self.inside.append(self.offered)
            self.offered = None
        self.stalled, self.flows = shown if stall else None, not stall

    def shown(self) -> tuple[str, ...]:
        """The output's bits."""
        dut = self.dut
        return str(dut.m_axis_tdata.value), str(dut.m_axis_tlast.value), str(dut.m_axis_tuser.value)

    def give(self, shown: tuple[str, ...]) -> None:
        """A transfer leaves."""
        if not self.inside:
            return
        transfer = self.inside.popleft()
        bits, last, user = shown
        if (last, user) != (str(transfer.last), f"{transfer.user:0{self.users}b}"):
            self.wrong(f"tlast {last} and tuser {user} came with a transfer of {transfer.last} and {transfer.user:b}")
        self.data[transfer.number] = bits

    async def clock(self, reset: bool = False, compared: bool = True) -> None:
        """One clock."""
        self.drive(reset)
        self.dut.aclk.value = 0
        await self.step
        if compared:
            self.observe(reset)
        self.dut.aclk.value = 1
        await self.step
        self.clocks += 1

    async def run(self) -> None:
        """A reset, all transfers with two resets midway, and what is then left in the module."""
        total = len(self.waiting)
        if hasattr(self.dut, "wr_en"):
            for port in (self.dut.wr_en, self.dut.wr_addr, self.dut.wr_data):
                port.value = 0
        for _ in range(self.latency + 2):
            await self.clock(reset=True, compared=False)
        for left in (total * 2 // 3, total // 3, 0):
            while len(self.waiting) > left or (not left and (self.offered or self.inside)):
                await self.clock()
                if len(self.protocol) > 9 or self.clocks > 40 * total + 1000:
                    return
            for _ in range(HELD if left else 0):
                await self.clock(reset=True)
        for _ in range(self.latency + 1):
            await self.clock()


@cocotb.test()
async def stream(dut) -> None:
    """Drive all transfers and write what came."""
    bench = Stream(dut, json.loads(Path(os.environ["GELUGEN_SWEEP"]).read_text()))
    await bench.run()
    data = [bench.data.get(number) for number in range(len(bench.words))]
    seen = {"data": data, "protocol": bench.protocol[:10], "clocks": bench.clocks}
    Path(os.environ["GELUGEN_RESULT"]).write_text(json.dumps(seen))
