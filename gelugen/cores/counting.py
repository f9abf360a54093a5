"""Executed instructions and bytes of an array function in C, on a core.

QEMU gives every instruction the same virtual time (``-icount``), and the program reads a clock of the core before and
after a call: SysTick of a Cortex-M, several steps an instruction, or ``minstret``. So counts are exact, and the same on
every machine. They are instructions, not clocks of real hardware. One that a condition skips is counted too.

What an element takes is what a call takes for a block twice in a row, less what it takes for the block once: the
function's beginning and end are left out.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from gelugen.bank import Bank
from gelugen.cores.core import Core, core_of, missing, missing_compiler
from gelugen.cores.image import IMAGE, binary, build, run_image
from gelugen.emit.c import container
from gelugen.emit.rendering import render
from gelugen.errors import GelugenError
from gelugen.formats import Codes
from gelugen.tools import first_error, run, workshop
from gelugen.units import Unit

BLOCK, COPIES = 256, 32
"""Codes of a block where the mean is taken, and copies of a code where its own cost is."""
NEAR = 4.0
"""The mean is over the codes of inputs with less than this magnitude."""
LEVEL = ("-O2",)


@dataclass(frozen=True)
class Kernel:
    """An array function in C: ``void name(const T *in, ..., U *out, size_t n)``.

    Attributes:
        name: of the function.
        files: texts by their names: headers, and sources to be compiled beside.
        header: the name of the one that declares it.
        types, result: C types of its inputs and of its output.
        libraries: what it is linked with beside the compiler's own library, as the compiler takes it: ``-lm``.
    """

    name: str
    files: Mapping[str, str]
    header: str
    types: tuple[str, ...]
    result: str
    libraries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sizes:
    """Bytes in flash: of code with its literals, and of tables.

    What the compiler's own library brings is left out, but where a kernel names libraries: there all is counted that
    is linked for it.
    """

    code: int
    tables: int


@dataclass(frozen=True)
class Counts:
    """Executed instructions for an element.

    Attributes:
        core: on which.
        mean: over the codes that it was asked for.
        worst: at the code that takes most.
        worst_code: the first such code, or codes where there are several inputs.
        call: what a call takes beside, in a block of codes.
    """

    core: str
    mean: Fraction
    worst: Fraction
    worst_code: int | tuple[int, ...]
    call: Fraction


def array_function(unit: Unit, name: str, files: Mapping[str, str]) -> Kernel:
    """The array function of a unit.

    Args:
        unit: a design or a gated unit.
        name: as its files are named.
        files: texts, as ``emit`` gives them.

    Raises:
        GelugenError: the unit is a bank, whose array function takes a select.
    """
    if isinstance(unit, Bank):
        raise GelugenError(f"bank {name}: instructions are counted for a design or a gated unit, not for a bank")
    texts = {file: text for file, text in files.items() if file in (f"{name}.h", f"{name}.c")}
    types = tuple(container(form) for form in unit.ports.values())
    return Kernel(f"{name}_n", texts, f"{name}.h", types, container(unit.output))


def near(unit: Unit) -> tuple[Codes, ...]:
    """The codes, of each input, where the first input is nearer to 0 than ``NEAR``; all where there is none."""
    drives = unit.stimulus()
    form = next(iter(unit.ports.values()))
    some = np.abs((drives[0] - form.zero_point) * float(form.scale)) < NEAR
    return tuple(each[some] for each in drives) if some.any() else drives


def count(
    kernel: Kernel,
    core: str,
    mean_over: Sequence[Codes],
    worst_over: Sequence[Codes],
    flags: Sequence[str] = LEVEL,
    block: int = BLOCK,
) -> Counts:
    """Count the executed instructions of an array function.

    Args:
        kernel: the function.
        core: a name from ``CORES``.
        mean_over: codes of each input, over which the mean is taken; in their order, a block at a time, the last of
            them filled up from the first so that no loop that takes several at once has a rest.
        worst_over: codes of each input, each of which is counted alone.
        flags: of the compiler.
        block: how many codes that is, at most 256; fewer where a code takes thousands of instructions, for the clock of
            a Cortex-M starts again after 2^24 steps, some 2.6 million instructions.

    Raises:
        GelugenError: the core is not known, its tools are missing, instructions cannot be counted on it, or the
            function cannot be built or does not end well.
    """
    chosen = core_of(core)
    if chosen.tick is None:
        raise GelugenError(f"core {core}: instructions cannot be counted on it, QEMU gives its machine no such clock")
    if absent := missing(core):
        raise GelugenError(absent)
    filled = [np.resize(each, -(-len(each) // block) * block) for each in mean_over]
    drives = [_drive([each[at : at + block] for each in filled], 0, kernel) for at in range(0, len(filled[0]), block)]
    blocks = len(drives)
    total = len(worst_over[0])
    drives += [_drive([each[at : at + BLOCK] for each in worst_over], COPIES, kernel) for at in range(0, total, BLOCK)]
    with workshop() as work:
        _build(kernel, chosen, work, flags)
        ran = run_image(chosen, work, b"".join((*drives, bytes(4))), 8 * (blocks + total), counted=True)
    if ran.note:
        raise GelugenError(f"{kernel.name} on {chosen.title}: {ran.note}")
    once, twice = _instructions(ran.results, chosen).T
    each = twice - once
    mean = Fraction(int(each[:blocks].sum()), blocks * block)
    at = int(each[blocks:].argmax())
    codes = tuple(int(column[at]) for column in worst_over)
    return Counts(
        core=core,
        mean=mean,
        worst=Fraction(int(each[blocks + at]), COPIES),
        worst_code=codes if len(codes) > 1 else codes[0],
        call=Fraction(int((2 * once - twice)[:blocks].sum()), blocks),
    )


def sizes(kernel: Kernel, core: str, flags: Sequence[str] = LEVEL) -> Sizes:
    """The bytes of an array function, compiled alone, and of the tables that it reads.

    Raises:
        GelugenError: the core is not known, its compiler is missing, or the function does not compile.
    """
    chosen = core_of(core)
    if absent := missing_compiler(core):
        raise GelugenError(absent)
    with workshop() as work:
        sources = _write(kernel, work)
        objects = [f"{path.stem}.o" for path in sources]
        for path, name in zip(sources, objects, strict=True):
            words = [chosen.compiler, *chosen.flags, "-std=c99", *flags, "-ffreestanding", "-c", path.name, "-o", name]
            _succeed(kernel, chosen, run([*words, "-iquote", "."], work))
        if kernel.libraries:
            words = [chosen.compiler, *chosen.flags, *flags, *_ALONE, *objects, *kernel.libraries, "-lgcc"]
            objects = [IMAGE]
            _succeed(kernel, chosen, run([*words, "-o", IMAGE], work))
        listed = run([binary(chosen, "size"), "-A", *objects], work)
    found = re.findall(r"^\.(text|rodata|data|bss)\S*\s+(\d+)", listed.stdout.decode(errors="replace"), re.MULTILINE)
    code = sum(int(size) for section, size in found if section == "text")
    return Sizes(code, sum(int(size) for section, size in found if section != "text"))


_ALONE = ("-nostartfiles", "-nodefaultlibs", "-Wl,--entry=gelugen__kernel", "-Wl,--gc-sections")
"""An image of a kernel and what it calls, that is never run."""


def _drive(codes: Sequence[Codes], copies: int, kernel: Kernel) -> bytes:
    texts = [each.astype(np.dtype(type_.removesuffix("_t"))) for each, type_ in zip(codes, kernel.types, strict=True)]
    head = np.array([len(codes[0]), copies], "<u2")
    return b"".join((head.tobytes(), *(each.tobytes() for each in texts)))


def _instructions(results: bytes, core: Core) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Readings of the clock, two a block, as instructions: the nearest integer, which the tick is fine enough for."""
    clocks = np.frombuffer(results, "<u4").astype(np.int64) % (1 << core.clock_bits)
    tick = core.tick or Fraction(1)
    counted = np.rint(clocks * tick.numerator / (tick.denominator << core.shift)).astype(np.int64)
    pairs: np.ndarray[tuple[int, int], np.dtype[np.int64]] = counted.reshape(-1, 2)
    return pairs


def _write(kernel: Kernel, work: Path) -> list[Path]:
    """The function's files, and one that calls it; gives the sources."""
    for file, text in kernel.files.items():
        (work / file).write_text(text)
    arguments = [f"in{at}" for at in range(len(kernel.types))]
    inputs = [f"const {type_} *{name}" for type_, name in zip(kernel.types, arguments, strict=True)]
    signature = ", ".join((*inputs, f"{kernel.result} *out", "size_t n"))
    context = {"name": kernel.name, "header": kernel.header, "signature": signature, "arguments": arguments}
    for file in ("kernel.h", "kernel.c"):
        (work / file).write_text(render(f"c/{file}.j2", **context))
    return [work / "kernel.c", *(work / file for file in kernel.files if file.endswith(".c"))]


def _build(kernel: Kernel, core: Core, work: Path, flags: Sequence[str]) -> None:
    sources = _write(kernel, work)
    inputs = [f"gelugen__in{at}" for at in range(len(kernel.types))]
    asked = {"types": kernel.types, "result": kernel.result, "inputs": inputs}
    counter = render("c/counter.c.j2", name=kernel.name, longest=BLOCK, twice=2 * BLOCK, **asked)
    (work / "counter.c").write_text(counter)
    _succeed(kernel, core, build(core, work, [work / "counter.c", *sources], ["-std=c99", *flags], kernel.libraries))


def _succeed(kernel: Kernel, core: Core, done: subprocess.CompletedProcess[bytes]) -> None:
    if done.returncode:
        said = first_error(done.stderr) or "no message"
        raise GelugenError(f"{kernel.name} does not compile for {core.title}: {said}")
