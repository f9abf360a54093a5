"""Cores, and for each what compiles for it, which machine of QEMU has it, and where its memories are."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from fractions import Fraction

from gelugen.errors import GelugenError, short


@dataclass(frozen=True)
class Memory:
    """A memory of a machine.

    Attributes:
        origin: its first address.
        kilobytes: as much of it as programs may use.
    """

    origin: int
    kilobytes: int


@dataclass(frozen=True)
class Core:
    """A core.

    Attributes:
        name: for ``--with``.
        title: as its maker writes it.
        compiler, flags: the cross compiler, and what chooses the core.
        emulator: the command that runs an image, up to the image's name.
        machine: as QEMU calls it.
        packages: of Debian, for compiler and emulator.
        board: the templates of its start-up, without ``.j2``.
        memories: ``flash`` and ``ram`` for our own linker script; empty if the compiler's does.
        entry: the symbol at which it starts, for the linker script.
        shift: instructions take 2^shift ns of virtual time where they are counted.
        tick: virtual nanoseconds in a step of ``board_clock``; None if instructions cannot be counted.
        clock_bits: after how many the steps start again.
        window: bytes of drives that a run can take; 0 if any number.
    """

    name: str
    title: str
    compiler: str
    flags: tuple[str, ...]
    emulator: str
    machine: tuple[str, ...]
    packages: tuple[str, ...]
    board: tuple[str, ...]
    memories: tuple[tuple[str, Memory], ...] = ()
    entry: str = ""
    shift: int = 0
    tick: Fraction | None = None
    clock_bits: int = 32
    window: int = 0

    @property
    def prefix(self) -> str:
        """What the names of the compiler and of its binary utilities start with."""
        return self.compiler.removesuffix("gcc")


_SEMIHOSTING = ("-semihosting-config", "enable=on,target=native")


def _cortex(
    name: str, title: str, machine: str, megahertz: int, flash: Memory, ram: Memory, *flags: str
) -> tuple[str, Core]:
    """A Cortex-M: counted by SysTick, several clocks of which pass in an instruction."""
    return name, Core(
        name,
        title,
        "arm-none-eabi-gcc",
        (f"-mcpu={name}", "-mthumb", *flags),
        "qemu-system-arm",
        ("-M", machine, *_SEMIHOSTING),
        ("gcc-arm-none-eabi", "qemu-system-arm"),
        ("semihosting.c", "cortex_m.c"),
        (("flash", flash), ("ram", ram)),
        "core_vectors",
        8,
        Fraction(1000, megahertz),
        24,
    )


_CODE, _RAM = Memory(0, 512), Memory(0x20000000, 512)

CORES: dict[str, Core] = dict(
    [
        _cortex("cortex-m0plus", "Cortex-M0+", "microbit", 16, Memory(0, 256), Memory(0x20000000, 16)),
        _cortex("cortex-m3", "Cortex-M3", "mps2-an385", 25, _CODE, _RAM),
        _cortex("cortex-m4", "Cortex-M4", "mps2-an386", 25, _CODE, _RAM),
        _cortex("cortex-m7", "Cortex-M7", "mps2-an500", 25, _CODE, _RAM),
        _cortex("cortex-m33", "Cortex-M33", "mps2-an505", 20, Memory(0x10000000, 512), Memory(0x38000000, 512)),
        _cortex("cortex-m55", "Cortex-M55", "mps3-an547", 32, _CODE, _RAM, "-mfloat-abi=hard"),
        (
            "rv32imac",
            Core(
                "rv32imac",
                "RV32IMAC",
                "riscv64-unknown-elf-gcc",
                ("-march=rv32imac", "-mabi=ilp32", "-misa-spec=2.2", "-mcmodel=medany", "-msmall-data-limit=0"),
                "qemu-system-riscv32",
                ("-M", "virt", "-cpu", "sifive-e31", "-bios", "none", *_SEMIHOSTING),
                ("gcc-riscv64-unknown-elf", "qemu-system-misc"),
                ("semihosting.c", "riscv.c"),
                (("flash", Memory(0x80000000, 1024)), ("ram", Memory(0x80100000, 512))),
                "core_start",
                0,
                Fraction(1),
            ),
        ),
        (
            "avr",
            Core(
                "avr",
                "ATmega2560",
                "avr-gcc",
                ("-mmcu=atmega2560",),
                "qemu-system-avr",
                ("-M", "mega2560"),
                ("gcc-avr", "qemu-system-misc"),
                ("avr.c",),
                window=0xC000,  # below 64 KB: in QEMU 7.2, elpm loses RAMPZ
            ),
        ),
    ]
)
"""Every core by its name."""


def core_of(name: str) -> Core:
    """The core of a name.

    Raises:
        GelugenError: there is none.
    """
    if name not in CORES:
        raise GelugenError(f"core {short(name)} is not known: it must be one of {', '.join(CORES)}")
    return CORES[name]


def missing(name: str) -> str:
    """Empty if a core's compiler and emulator are there, else what to install."""
    core = core_of(name)
    return _sentence(core, [each for each in (core.compiler, core.emulator) if not shutil.which(each)])


def missing_compiler(name: str) -> str:
    """Empty if a core's compiler is there, else what to install."""
    core = core_of(name)
    return _sentence(core, [] if shutil.which(core.compiler) else [core.compiler])


def _sentence(core: Core, absent: list[str]) -> str:
    if not absent:
        return ""
    packages = [
        package for package, tool in zip(core.packages, (core.compiler, core.emulator), strict=True) if tool in absent
    ]
    verb = "is" if len(absent) == 1 else "are"
    return f"{' and '.join(absent)} {verb} missing, for {core.title}: apt-get install {' '.join(packages)}"
