"""The figures of a design, for scripts and for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gelugen.accuracy import shown
from gelugen.bank import Bank
from gelugen.design import Design
from gelugen.dialects.choice import EXACT
from gelugen.emit.contract import bank_cores, describe, differs
from gelugen.gated import Gated
from gelugen.golden import difference
from gelugen.spec import Spec
from gelugen.store import Bundle

_AIMS = ("guarantee", "minimise", "segments", "density", "grid")


def figures(bundle: Bundle) -> dict[str, Any]:
    """A design's figures, with the keys of ``gelugen show --json``; formats in gelugen's notation.

    Where there is no guarantee, ``minimise``, ``segments``, ``density`` and ``grid`` stand in its place. A gated unit
    adds ``intermediate``, ``up``, ``requantize``, ``multiplier``, ``shift`` and ``pairs``. A bank has ``members``,
    in the order in which select counts them. A design that was chosen by counted figures has these as ``measured``,
    with ``estimated``: whether no tool has counted them.
    """
    if isinstance(bundle.design, Bank):
        return _bank_figures(bundle, bundle.design)
    if isinstance(bundle.design, Gated):
        return _gated_figures(bundle, bundle.design)
    return {
        "name": bundle.name,
        **_design_figures(bundle.design, bundle.manifest["accuracy"]),
        **({"measured": {**counted.to_json(), "estimated": counted.estimated}} if (counted := bundle.figures) else {}),
        "latency": bundle.manifest["latency"],
        "warnings": bundle.manifest["warnings"],
    }


def _design_figures(design: Design, accuracy: Mapping[str, Any]) -> dict[str, Any]:
    spec = design.spec
    return {
        "function": spec.function,
        "input": str(spec.input),
        "output": str(spec.output),
        **{name: text for name, text in spec.fields().items() if name in _AIMS},
        **_dialect(spec),
        "architecture": design.architecture,
        "rom_bits": design.rom_bits,
        **{key: accuracy[key] for key in ("max_ulp", "mean_ulp", "correctly_rounded", "worst_code")},
    }


def lines(bundle: Bundle) -> list[tuple[str, str]]:
    """The same for people: label and text."""
    if isinstance(bundle.design, Gated):
        return _gated_lines(bundle, bundle.design)
    if isinstance(bundle.design, Bank):
        return _bank_lines(bundle, bundle.design)
    spec, data = bundle.design.spec, figures(bundle)
    return [
        ("function", spec.function),
        ("input", spec.input.describe()),
        ("output", spec.output.describe()),
        ("guarantee" if spec.guarantee else "aim", spec.describe_aim()),
        *([("dialect", f"{spec.dialect}; {differs(spec)}")] if spec.dialect != EXACT else []),
        *_errors(spec, data),
        ("design", describe(bundle.design)),
        ("size", _size(bundle.design)),
        ("latency", f"{data['latency']} clocks, one sample a clock"),
        *_counted(bundle),
        *(("warning", sentence) for sentence in bundle.manifest["warnings"]),
        ("made by", str(bundle.manifest["command"])),
    ]


def _counted(bundle: Bundle) -> list[tuple[str, str]]:
    """What was counted of a design that was chosen by it, and by whom."""
    counted = bundle.figures
    if counted is None:
        return []
    return [
        ("objective", counted.objective),
        ("estimated" if counted.estimated else "measured", counted.describe()),
        ("search", counted.searched()),
    ]


def _bank_figures(bundle: Bundle, bank: Bank) -> dict[str, Any]:
    errors = bundle.manifest["accuracy"]["members"]
    members = [{"name": name, **_design_figures(design, errors[name])} for name, design in bank.members.items()]
    return {
        "name": bundle.name,
        "members": members,
        "cores": len(bank.cores),
        "one_table": bank.table is not None,
        "architecture": bank.architecture,
        "rom_bits": bank.rom_bits,
        "latency": bundle.manifest["latency"],
        "warnings": bundle.manifest["warnings"],
    }


def _bank_lines(bundle: Bundle, bank: Bank) -> list[tuple[str, str]]:
    told = []
    for number, (name, design) in enumerate(bank.members.items()):
        spec, errors = design.spec, bundle.manifest["accuracy"]["members"][name]
        told += [
            (f"select {number}", f"{name}: {spec.function}, {spec.aim}"),
            ("  input", spec.input.describe()),
            ("  output", spec.output.describe()),
            *(("  dialect", f"{spec.dialect}; {differs(spec)}") for _ in range(spec.dialect != EXACT)),
            *((f"  {label}", text) for label, text in _errors(spec, errors)),
            ("  design", describe(design)),
        ]
    return [
        *told,
        ("cores", bank_cores(bank)),
        ("size", f"{bank.rom_bits} ROM bits"),
        ("latency", f"{bundle.manifest['latency']} clocks, one sample a clock"),
        *(("warning", sentence) for sentence in bundle.manifest["warnings"]),
        ("made by", str(bundle.manifest["command"])),
    ]


def _errors(spec: Spec, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    share = f"{data['correctly_rounded']:.2%} of {1 << spec.input.bits} codes"
    if spec.dialect != EXACT:
        return [("same codes", f"{share}; the others at most {data['max_ulp']:.0f} away")]
    worst = f"at most {shown(data['max_ulp'])} ulp at code {data['worst_code']}, mean {data['mean_ulp']:.4f} ulp"
    return [("error", worst), ("correctly rounded", share)]


def _dialect(spec: Spec) -> dict[str, Any]:
    """How a runtime's codes differ from the mathematics; nothing where the mathematics is the truth."""
    if spec.dialect == EXACT:
        return {}
    codes, most = difference(spec)
    return {"dialect": spec.dialect, "codes_not_correctly_rounded": codes, "largest_difference": most}


def _size(design: Design) -> str:
    """ROM bits, beside those of a plain table."""
    plain = design.spec.output.bits << design.spec.input.bits
    share = f" ({plain / design.rom_bits:.0f} times less)" if design.rom_bits else ""
    return f"{design.rom_bits} ROM bits; a plain table has {plain}{share}"


def _gated_figures(bundle: Bundle, gated: Gated) -> dict[str, Any]:
    spec, accuracy = gated.spec, bundle.manifest["accuracy"]
    return {
        "name": bundle.name,
        "function": spec.function,
        **{name: str(form) for name, form in spec.formats.items()},
        "guarantee": str(spec.activation.guarantee),
        "requantize": str(spec.requantize),
        "architecture": gated.architecture,
        "multiplier": gated.multiplier,
        "shift": gated.shift,
        "rom_bits": gated.rom_bits,
        "pairs": accuracy["pairs"],
        **{key: accuracy[key] for key in ("max_ulp", "mean_ulp", "correctly_rounded", "worst_gate", "worst_up")},
        "latency": bundle.manifest["latency"],
        "warnings": bundle.manifest["warnings"],
    }


def _gated_lines(bundle: Bundle, gated: Gated) -> list[tuple[str, str]]:
    spec, accuracy = gated.spec, bundle.manifest["accuracy"]
    over = (
        f"{accuracy['pairs']} {'' if accuracy['pairs'] == accuracy['of'] else 'of ' + str(accuracy['of']) + ' '}pairs"
    )
    return [
        ("function", f"{spec.function}(gate) * up"),
        ("gate", spec.input.describe()),
        ("up", spec.up.describe()),
        ("intermediate", spec.intermediate.describe()),
        ("output", spec.output.describe()),
        ("guarantee", f"of {spec.function}(gate): {spec.activation.describe_aim()}"),
        ("requantize", spec.describe_requantize()),
        ("multiplier", f"{gated.multiplier} / 2^{gated.shift}"),
        (
            "error",
            f"at most {shown(accuracy['max_ulp'])} ulp at gate {accuracy['worst_gate']}, up {accuracy['worst_up']}, "
            f"mean {accuracy['mean_ulp']:.4f} ulp",
        ),
        ("correctly rounded", f"{accuracy['correctly_rounded']:.2%} of {over} of codes"),
        ("design", describe(gated.design)),
        ("size", _size(gated.design)),
        ("latency", f"{bundle.manifest['latency']} clocks, one sample a clock"),
        *(("warning", sentence) for sentence in bundle.manifest["warnings"]),
        ("made by", str(bundle.manifest["command"])),
    ]
