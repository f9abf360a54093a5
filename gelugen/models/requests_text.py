"""What a model asks for: the TOML that ``gelugen generate`` takes, and an index of layers to designs."""

from __future__ import annotations

import json
from collections.abc import Sequence

import tomli_w

from gelugen.dialects.choice import EXACT, Choice
from gelugen.errors import GelugenError
from gelugen.models.model import SUBGRAPH, Activation, Model


def designs(model: Model) -> dict[str, list[Activation]]:
    """The distinct designs, each named after the first activation that it serves, in the order of the file.

    Activations share a design if function, formats, dialect and operator are equal; of a subgraph also what its nodes
    compute, and of an operator its attributes.
    """
    groups: dict[tuple[object, ...], list[Activation]] = {}
    for each in model.activations:
        shape = str(each.expression) if each.operator == SUBGRAPH or each.function == SUBGRAPH else ""
        key = (each.function, each.input, each.output, each.dialect, each.operator, each.attributes, shape)
        groups.setdefault(key, []).append(each)
    return {group[0].name: group for group in groups.values()}


def to_requests(model: Model, dialect: str | None = None) -> str:
    """The TOML text: one ``[design.NAME]`` a distinct design, with comments that say which nodes use it.

    Args:
        model: what was read.
        dialect: whose codes to ask for; the runtime that the model is for unless given.

    Raises:
        GelugenError: the model holds no activation that can be read.
    """
    if not model.activations:
        raise GelugenError(
            f"{model.file} holds no quantized activation" + (f": {_reasons(model)}" if model.left_out else "")
        )
    blocks = []
    for name, group in designs(model).items():
        first = group[0]
        fields = {
            "function": first.function,
            "input": str(first.input),
            "output": str(first.output),
            "guarantee": "correct",
            "dialect": dialect or first.dialect,
        }
        if first.expression is not None and _as_it_stands(first, dialect):
            fields["expression"] = str(first.expression)
        comments = [f"# {each.name}: {each.operator}; {each.where}" for each in group]
        blocks.append("\n".join([*comments, tomli_w.dumps({"design": {name: fields}})]))
    head = [f"# The activations of {model.file}, with the arithmetic of {dialect or model.dialect}."]
    head += [f"# Left out: {each.node} ({each.operator}): {each.reason}." for each in model.left_out]
    return "\n".join(["\n".join(head), "", "\n".join(blocks)])


def _as_it_stands(activation: Activation, dialect: str | None) -> bool:
    """Whether a request must say what is computed, node by node: the function and the dialect do not."""
    if activation.function == SUBGRAPH:
        return True
    if dialect == EXACT:
        return False
    return activation.operator == SUBGRAPH or not Choice.parse(activation.dialect).computes(activation.function)


def to_layers(model: Model) -> str:
    """The JSON text that maps every layer to its design."""
    design = {each.name: name for name, group in designs(model).items() for each in group}
    data = {
        "model": model.file,
        "layers": {
            each.name: {"design": design[each.name], "node": each.node, "where": each.where}
            for each in model.activations
        },
        "left_out": [vars(each) for each in model.left_out],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _reasons(model: Model) -> str:
    """The reasons why all was left out, the commonest first."""
    reasons: Sequence[str] = [each.reason for each in model.left_out]
    commonest = max(dict.fromkeys(reasons), key=reasons.count)
    return f"{len(reasons)} left out, {reasons.count(commonest)} of them since {commonest}"
