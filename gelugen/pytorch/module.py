"""A design as a PyTorch module: quantize, the integer design, dequantize; a straight-through gradient.

Forward, bit for bit what ``design(x)`` gives: x is rounded to the nearest input code (ties as the spec says, an exact
quotient, saturating), the code goes through a table of ``Design.eval`` over all codes, and the output code becomes a
real again. float64 gets that double; float32 gets it rounded to float32; float16 and bfloat16 get the float32 rounded
once more. NaN stays NaN.

Backward, for quantization-aware training: the derivative of the real function at x itself, rounding ignored. It is 0
where x saturates the input format, more than half a code past its first or last code (as PyTorch's own fake
quantization has it), and at input codes whose real value saturates the output format. Functions without a closed
form here take the slope of the real values between the two neighbouring codes.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from gelugen.design import Design
from gelugen.errors import GelugenError, short
from gelugen.pytorch.slopes import slope_of
from gelugen.store import load
from gelugen.thresholds import single, thresholds

_FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
_BEYOND = float(1 << 18)
"""Past every code, zero point and all."""


class _StraightThrough(torch.autograd.Function):
    """Passes ``quantized`` on, and gives x the gradient of a function whose derivative at x is ``slope``."""

    @staticmethod
    def forward(x: torch.Tensor, quantized: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        return quantized.view_as(quantized)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:  # noqa: ARG004
        ctx.save_for_backward(inputs[2])

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (slope,) = ctx.saved_tensors
        return gradients[0] * slope, None, None


class QuantizedActivation(torch.nn.Module):
    """The design of an activation as a module; it takes and gives float tensors of any shape, on any device.

    It has no parameters. ``state_dict`` holds the design itself, as JSON in a tensor of bytes, so that loading it gives
    the saved design whatever the module was made from. Tables are kept as integers: ``model.half()`` and
    ``model.to(torch.bfloat16)`` leave them alone.

    Attributes:
        design: what it computes.
    """

    design: Design

    def __init__(self, design: Design | Path | str) -> None:
        """From a design, or from a folder that ``gelugen generate`` has made.

        Raises:
            GelugenError: it is neither, or the folder holds a gated unit.
        """
        super().__init__()
        self._take(as_design(design), torch.device("cpu"))

    def _take(self, design: Design, device: torch.device) -> None:
        self.design = design
        self._slope = slope_of(design.spec.function)
        for name, table in _tables(design).items():
            self.register_buffer(name, torch.from_numpy(table).to(device), persistent=False)

    # -- forward -------------------------------------------------------------------------------------------

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What ``design(x)`` gives, in the shape, the type and on the device of x.

        Raises:
            GelugenError: x is no float tensor.
        """
        _check(x)
        with torch.no_grad():
            index = self._index(x)
            values = self._values64 if x.dtype == torch.float64 else self._values32
            quantized = torch.where(torch.isnan(x), x, values.view(_wide(x.dtype))[index].to(x.dtype))
        if not (torch.is_grad_enabled() and x.requires_grad):
            return quantized
        with torch.no_grad():
            slope = self._slope_at(x, index)
        result: torch.Tensor = _StraightThrough.apply(x, quantized, slope)
        return result

    def input_codes(self, x: torch.Tensor) -> torch.Tensor:
        """The codes that x is quantized to, as int32 in the shape of x.

        Raises:
            GelugenError: x is no float tensor, or holds a NaN.
        """
        _check(x, nan=True)
        return self._index(x.detach()).to(torch.int32) + self.design.spec.input.code_min

    def codes(self, x: torch.Tensor) -> torch.Tensor:
        """The output codes at x, those of ``Design.eval``, as int32 in the shape of x.

        Raises:
            GelugenError: x is no float tensor, or holds a NaN.
        """
        _check(x, nan=True)
        return self._codes[self._index(x.detach())]

    def _index(self, x: torch.Tensor) -> torch.Tensor:
        """The input codes, counted from 0; NaN is anywhere.

        The rounded quotient is at most one code away from the right one, whichever way the division was rounded: it
        has less than 18 bits before the point, and a float32 has 24. The thresholds decide.
        """
        form = self.design.spec.input
        last = (1 << form.bits) - 1
        real = x.to(_wide(x.dtype))
        steps = (self._thresholds64 if x.dtype == torch.float64 else self._thresholds32).view(real.dtype)
        quotient = (real * (1 / form.scale)).clamp(-_BEYOND, _BEYOND)
        near = (torch.round(quotient).long() + (form.zero_point - form.code_min)).clamp(0, last)
        return near - (real < steps[near]).long() + (real >= steps[near + 1]).long()

    def _slope_at(self, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        form = self.design.spec.input
        low, high = ((code - form.zero_point) * form.scale for code in form.ends)
        real = x.to(_wide(x.dtype))
        slope = self._slopes.view(torch.float32)[index] if self._slope is None else self._slope(real)
        inside = (real >= low - form.scale / 2) & (real <= high + form.scale / 2) & self._inside[index]
        return torch.where(inside, slope, torch.zeros_like(slope)).to(x.dtype)

    # -- state ---------------------------------------------------------------------------------------------

    def get_extra_state(self) -> torch.Tensor:
        """The design as JSON in a tensor of bytes, which safetensors and ``torch.load(weights_only=True)`` take."""
        return torch.tensor(list(json.dumps(self.design.to_json(), sort_keys=True).encode()), dtype=torch.uint8)

    def set_extra_state(self, state: object) -> None:
        """Become the design of a state.

        Raises:
            GelugenError: the state is no design.
        """
        try:
            data = json.loads(bytes(state.tolist()))  # type: ignore[attr-defined]
        except (AttributeError, TypeError, ValueError, RecursionError):
            raise GelugenError("the state of a QuantizedActivation is malformed: save the model again") from None
        self._take(Design.from_json(data), self._codes.device)

    def extra_repr(self) -> str:
        """Function, formats and aim, for ``print(model)``."""
        spec = self.design.spec
        return f"{spec.function}, {spec.input} to {spec.output}, {spec.aim}"


def as_design(design: object) -> Design:
    """A design, from itself or from its folder.

    Raises:
        GelugenError: it is neither, or the folder holds a gated unit.
    """
    unit = load(design) if isinstance(design, Path | str) else design
    if isinstance(unit, Design):
        return unit
    kind = getattr(unit, "kind", None)
    if kind == "gated":
        raise GelugenError("a QuantizedActivation has one input, and a gated unit has two: give the design of its gate")
    if kind == "bank":
        raise GelugenError("a QuantizedActivation is one function, and a bank has several: give the design of a member")
    raise GelugenError(f"{short(design)} must be a Design or a folder that gelugen generate has made")


def _wide(dtype: torch.dtype) -> torch.dtype:
    """The type that values of a type are exact in, and that thresholds are kept in."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def _check(x: object, nan: bool = False) -> None:
    """Refuse what is no float tensor, and with ``nan`` one that holds a NaN."""
    if not isinstance(x, torch.Tensor) or x.dtype not in _FLOATS:
        kind = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
        raise GelugenError(f"x is {kind}: it must be a tensor of float64, float32, float16 or bfloat16")
    if nan and bool(torch.isnan(x).any()):
        raise GelugenError("x holds a NaN, which has no code: it must hold numbers or infinities")


@lru_cache(maxsize=32)
def _tables(design: Design) -> dict[str, npt.NDArray[Any]]:
    """The tables by input code from the smallest up; floats as integers of the same bits.

    A threshold stands at the code that begins there; the first code has -inf. Past the last one stands NaN, which
    nothing reaches.
    """
    spec = design.spec
    codes = design.eval(spec.input.codes())
    doubles = thresholds(spec.input, spec.ties)
    outputs = spec.output.dequantize(codes)
    reals = spec.definition.values(spec.input.dequantize(spec.input.codes()))
    low, high = ((code - spec.output.zero_point) * spec.output.scale for code in spec.output.ends)
    half = spec.output.scale / 2
    with np.errstate(over="ignore", under="ignore"):
        tables: dict[str, npt.NDArray[Any]] = {
            "_codes": codes.astype(np.int32),
            "_values64": outputs.view(np.int64),
            "_values32": outputs.astype(np.float32).view(np.int32),
            "_thresholds64": np.concatenate([[-np.inf], doubles, [np.nan]]).view(np.int64),
            "_thresholds32": np.concatenate([[-np.inf], single(doubles), [np.nan]]).astype(np.float32).view(np.int32),
            "_inside": (low - half <= reals) & (reals <= high + half),
        }
        if slope_of(spec.function) is None:
            tables["_slopes"] = np.gradient(reals, spec.input.scale).astype(np.float32).view(np.int32)
    return tables
