"""Integer arithmetic that a processor of 32 bits has in few instructions, and what fits it.

A row of a table holds a word W and c_0. With dx the code itself, or |k|::

    wide      t = c_2 * (dx + 1) + (c_1 << 16)                   = W + c_2 * dx       W = (c_1 << 16) + c_2
              acc = c_0 + (t * dx >> 16)
    narrow    t = (c_2 * (dx - 1) >> a) + (c_1 << 16 - a)        = (W - n * dx) >> a  W = (c_1 << 16) + n, n = -c_2
              acc = c_0 + t * dx
    lines     acc = c_0 + (c_1 * dx >> m)                        c_1 and c_0 of 16 bits, in arrays of their own
    all       r = (bias + acc) >> shift

So the multiplier c_2 or n is the low half of W, sign extended, and W is added as it is. Wide is for processors that
multiply 32 by 16 bits and keep the upper part, narrow for those that keep the low 32 bits of a product alone. In both
(c_1 << drop) * dx >> outer is exact: what a c_2 gives does not depend on c_1 and c_0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gelugen.formats import Codes

HALF = (1 << 15) - 1
"""The largest magnitude of c_1, c_2 and of the numbers of lines: minus it has 16 bits too."""
WORD = 1 << 31


@dataclass(frozen=True)
class Form:
    """The shifts of a datapath; those of a ``Term`` are (inner, outer), without ``inner`` for lines.

    Attributes:
        degree: 2, or 1 for lines.
        shift: low bits dropped from the sum.
        inner, outer: of the products of c_2 (or none) and of t, or for lines of c_1.
        drop: zeros behind c_1.
        leak: what is added to dx where c_2 is multiplied.
    """

    degree: int
    shift: int
    inner: int
    outer: int
    drop: int
    leak: int

    @classmethod
    def wide(cls, shift: int) -> Form:
        """For products of 32 by 16 bits."""
        return cls(2, shift, 0, 16, 16, 1)

    @classmethod
    def narrow(cls, shift: int, a: int) -> Form:
        """For products of 32 bits."""
        return cls(2, shift, a, 0, 16 - a, -1)

    @classmethod
    def lines(cls, outer: int) -> Form:
        """For products of 16 by 16 bits."""
        return cls(1, 0, 0, outer, 0, 0)

    @property
    def unit(self) -> int:
        """What one of c_1 is in acc, per dx; of a quadratic."""
        return 1 << self.drop - self.outer

    @property
    def curve_scale(self) -> float:
        """c_2 is the real coefficient of dx^2 in r times this."""
        return 2.0 ** (self.shift + self.inner + self.outer)

    @property
    def shifts(self) -> tuple[int, ...]:
        """Those of a ``Term``."""
        return (self.inner, self.outer) if self.degree == 2 else (self.outer,)

    def curve(self, c2: Codes, dx: Codes) -> Codes:
        """What c_2 adds to acc, of shape (c_2, dx)."""
        first = c2[:, None] * (dx + self.leak) >> self.inner
        result: Codes = first * dx >> self.outer
        return result

    def fits(self, c2: Codes, c1: Codes, c0: Codes, dx: Codes, bias: int) -> npt.NDArray[np.bool_]:
        """Whether every number fits its 16 or 32 bits at every dx, for each choice of coefficients.

        What is packed is c_0 + bias: the sum of a processor has no bias of its own. W fits where its halves do.
        """
        result: npt.NDArray[np.bool_] = (np.abs(c2) <= HALF) & (np.abs(c1) <= HALF)
        if self.degree == 1:
            return result & (np.abs(c0 + bias) <= HALF)
        t_whole = c2[:, None] * (dx + self.leak) + (c1 << self.inner + self.drop)[:, None]
        product = (t_whole >> self.inner) * dx >> self.outer
        acc = product + (c0 + bias)[:, None]
        for number in (c0[:, None], (c0 + bias)[:, None], t_whole, product, acc):
            result &= (number.min(axis=1) >= -WORD) & (number.max(axis=1) < WORD)
        return result
