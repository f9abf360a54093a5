"""The command ``import``: a quantized model to the TOML that ``generate`` takes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gelugen.cli.printing import print_json, print_table, write_text

if TYPE_CHECKING:
    from gelugen.models import Model


def import_model(options: argparse.Namespace) -> int:
    """Write a request for every activation of a model, and the index of layers to designs."""
    from gelugen.models import designs, read_model, to_layers, to_requests

    model = read_model(options.model, keep_going=options.keep_going)
    text = to_requests(model, options.dialect)
    requests = options.output or Path(f"{Path(model.file).stem}.toml")
    layers = requests.with_name(f"{requests.stem}_layers.json")
    write_text(requests, text)
    write_text(layers, to_layers(model))
    if options.json:
        print_json(
            {
                "requests": str(requests),
                "layers": str(layers),
                "designs": {name: [each.name for each in group] for name, group in designs(model).items()},
                "left_out": [
                    {"node": each.node, "operator": each.operator, "reason": each.reason} for each in model.left_out
                ],
            }
        )
        return 0
    print_model(model)
    print(f"written: {requests}, {layers}")
    print(f"gelugen generate {requests} makes the designs")
    return 0


def print_model(model: Model) -> None:
    """The activations with the design that serves each, and what was left out."""
    from gelugen.models import designs

    serves = {each.name: name for name, group in designs(model).items() for each in group}
    print_table(
        ["layer", "design", "function", "operator", "input", "output"],
        [
            (
                each.name,
                serves[each.name],
                each.function,
                each.operator,
                each.input.describe(),
                each.output.describe(),
            )
            for each in model.activations
        ],
    )
    print(f"{len(serves)} activations, {len(set(serves.values()))} designs")
    for left in model.left_out:
        print(f"left out: {left.node} ({left.operator}): {left.reason}")
