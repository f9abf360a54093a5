"""Activations of a model, found by what they compute and replaced by designs of the same function."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from gelugen.design import Design
from gelugen.errors import GelugenError, short
from gelugen.functions import get_function
from gelugen.pytorch.module import QuantizedActivation, as_design

Source = Design | Path | str
"""A design, or the folder of one."""

_BY_CLASS = {
    "GELUActivation": "gelu",
    "NewGELUActivation": "gelu_tanh",
    "FastGELUActivation": "gelu_tanh",
    "GELUTanh": "gelu_tanh",
    "PytorchGELUTanh": "gelu_tanh",
    "QuickGELUActivation": "gelu_sigmoid",
    "QuickGELU": "gelu_sigmoid",
    "SiLUActivation": "swish",
    "SiLU": "swish",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Mish": "mish",
    "MishActivation": "mish",
    "Softsign": "softsign",
    "Hardswish": "hard_swish",
    "Hardsigmoid": "hard_sigmoid",
    "SELU": "selu",
}
"""Functions by the names of classes without parameters, of PyTorch and of transformers."""
_GELUS = ("gelu", "gelu_tanh", "gelu_sigmoid")
_APPROXIMATE = {"none": "gelu", "tanh": "gelu_tanh"}


def function_of(activation: object) -> str | None:
    """The catalogue's name of what a module or a function of PyTorch computes; None where it is not known.

    A ``torch.nn.GELU`` is ``gelu`` or ``gelu_tanh`` by its ``approximate``; so is ``torch.nn.functional.gelu``, plain
    or in a ``functools.partial``.
    """
    if isinstance(activation, QuantizedActivation):
        return None
    if isinstance(activation, nn.GELU):
        return _APPROXIMATE.get(activation.approximate)
    if isinstance(activation, nn.Module):
        return _BY_CLASS.get(type(activation).__name__)
    if isinstance(activation, functools.partial) and activation.func is functional.gelu and not activation.args:
        rest = dict(activation.keywords)
        approximate = rest.pop("approximate", "none")
        return None if rest else _APPROXIMATE.get(approximate)
    return "gelu" if activation is functional.gelu else None


def swap_activations(
    model: nn.Module,
    designs: Source | Mapping[str, Source],
    kinds: tuple[type[nn.Module], ...] | None = None,
    *,
    any_function: bool = False,
) -> list[str]:
    """Replace activations of a model by designs, in place: all that are found, or none.

    Found are modules, and ``torch.nn.functional.gelu`` where a module keeps it as an attribute. A call of it that is
    written out in a ``forward`` cannot be seen.

    Args:
        model: the model.
        designs: one design for all, or designs by the names of activations, as in ``encoder.0.act``; those that are
            not named stay.
        kinds: the classes to replace; by default ``torch.nn.GELU``, the GELUs of transformers, and the functions.
        any_function: take a design though it is of another function than the activation.

    Returns:
        The names of what was replaced, in the order of the model.

    Raises:
        GelugenError: an activation computes another function than its design, or one that is not known; a name is no
            activation of the model; the model itself is one; a design cannot be loaded.
    """
    found = _found(model, kinds)
    if "" in found:
        raise GelugenError("the model is an activation itself: write QuantizedActivation(design) in its place")
    if isinstance(designs, Mapping):
        if unknown := [name for name in designs if name not in found]:
            some = ", ".join(found) or "none"
            raise GelugenError(f"the model has no activation {short(unknown[0])} to replace: there are {some}")
        chosen = {name: as_design(designs[name]) for name in found if name in designs}
    else:
        chosen = dict.fromkeys(found, as_design(designs))
    if not any_function:
        for name, design in chosen.items():
            _same(name, found[name], design)
    modules = {name: QuantizedActivation(design) for name, design in chosen.items()}
    for name, module in modules.items():
        parent, _, attribute = name.rpartition(".")
        holder = model.get_submodule(parent)
        setattr(holder, attribute, module.to(_device(holder)).train(holder.training))
        if hasattr(holder, "activation_relu_or_gelu"):
            holder.activation_relu_or_gelu = 0  # nn.TransformerEncoderLayer: its fast path would compute a GELU
    return list(modules)


def _found(model: nn.Module, kinds: tuple[type[nn.Module], ...] | None) -> dict[str, object]:
    """Activations by name; one that stands at two places is there twice."""
    found: dict[str, object] = {}
    for name, module in model.named_modules(remove_duplicate=False):
        if isinstance(module, QuantizedActivation):
            continue
        if isinstance(module, kinds) if kinds is not None else function_of(module) in _GELUS:
            found[name] = module
        elif kinds is None:
            prefix = f"{name}." if name else ""
            for key, value in vars(module).items():
                if function_of(value) in _GELUS and not isinstance(value, nn.Module):
                    found[prefix + key] = value
    return found


def _same(name: str, activation: object, design: Design) -> None:
    """Refuse a design of another function than the activation."""
    function = function_of(activation)
    if function is None:
        raise GelugenError(
            f"activation {name} is {short(activation)}, whose function is not known: say any_function=True to replace "
            f"it by {design.spec.function}"
        )
    if get_function(function).name != design.spec.function:
        raise GelugenError(
            f"activation {name} computes {function}, and the design {design.spec.function}: take a design of "
            f"{function}, or say any_function=True"
        )


def _device(module: nn.Module) -> torch.device:
    """Where a module's tensors are."""
    for tensor in (*module.parameters(), *module.buffers()):
        return tensor.device
    return torch.device("cpu")
