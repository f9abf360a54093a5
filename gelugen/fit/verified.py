"""What a fit gives at every u: the last check before it is handed out."""

from __future__ import annotations

import numpy as np

from gelugen.fit.bounds import Bounds
from gelugen.fit.parts import Fit
from gelugen.formats import Codes


def value(found: Fit, u: Codes) -> Codes:
    """The value r of a fit at every u."""
    v = np.full(u.shape, found.bias, dtype=np.int64)
    for term in found.terms:
        v += term.eval(u)
    result: Codes = v >> found.shift
    return result


def keeps(bounds: Bounds, found: Fit) -> bool:
    """Whether a fit keeps the bounds at every u."""
    r = value(found, np.arange(len(bounds.low), dtype=np.int64))
    return bool(((bounds.low <= r) & (r <= bounds.high)).all())


def verified(bounds: Bounds, found: Fit) -> Fit:
    """The fit itself, once it was evaluated at every u.

    Raises:
        AssertionError: it violates a bound or miscounts its bits, which would be an error in the search.
    """
    if not keeps(bounds, found):
        raise AssertionError("a fit violates a bound")
    if found.bits != sum(term.rom_bits for term in found.terms):
        raise AssertionError("a fit miscounts its bits")
    return found
