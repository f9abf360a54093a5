"""Designs in PyTorch models: modules that compute a design bit-exactly, for evaluation and for training.

    from gelugen.pytorch import QuantizedActivation, swap_activations

    swap_activations(model, "rtl_out/gelu_q3_12_faithful")  # every GELU of the model

PyTorch is an extra: ``pip install 'gelugen[torch]'``.
"""

from gelugen.errors import GelugenError

try:
    import torch  # noqa: F401
except ImportError:
    raise GelugenError("PyTorch is missing: install it with pip install 'gelugen[torch]'") from None

from gelugen.pytorch.module import QuantizedActivation
from gelugen.pytorch.swap import function_of, swap_activations

__all__ = ["QuantizedActivation", "function_of", "swap_activations"]
