"""How often each input code occurs: the weights of a mean square error.

Notation:
    ``uniform``   every code as often as any other.
    ``gaussian:MEAN,STD``   a normal density, in real units of the input.
    ``histogram:FILE``   a text file. Each line holds the weight of one code, from the smallest code up, or a code and
                its weight; numbers stand apart by a comma or blanks, ``#`` starts a comment. Every code is there once.
    ``histogram:FILE@sha256:DIGEST``   the same, and the file must have that SHA-256. This is how a spec carries a
                histogram: a file that has changed since is refused, so the same spec gives the same design.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from gelugen.errors import GelugenError, short
from gelugen.formats import Format

Weights = npt.NDArray[np.float64]

_DIGEST = re.compile(r"(.+)@sha256:([0-9a-f]{64})", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,9})?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Density:
    """A density over input codes.

    Attributes:
        kind: what the other fields belong to.
        mean, std: of ``gaussian``, in real units of the input.
        path: of ``histogram``, as it was given: relative to the working directory.
        sha256: of the file's bytes, in hexadecimal digits; empty if the file has not been read yet.
    """

    kind: Literal["uniform", "gaussian", "histogram"] = "uniform"
    mean: float = 0.0
    std: float = 0.0
    path: str = ""
    sha256: str = ""

    @classmethod
    def parse(cls, text: str) -> Density:
        """Read the notation of the module's head. No file is opened.

        Raises:
            GelugenError: it is not in that notation, or its numbers are no density.
        """
        kind, colon, rest = text.partition(":") if isinstance(text, str) else ("", "", "")
        if text == "uniform":
            return cls()
        if kind == "histogram" and rest:
            match = _DIGEST.fullmatch(rest)
            return cls("histogram", path=match[1], sha256=match[2]) if match else cls("histogram", path=rest)
        if kind == "gaussian" and colon:
            numbers = [each.strip() for each in rest.split(",")]
            if len(numbers) == 2 and all(_NUMBER.fullmatch(each) for each in numbers):
                mean, std = (float(each) + 0.0 for each in numbers)
                if math.isfinite(mean) and math.isfinite(std) and std > 0:
                    return cls("gaussian", mean, std)
            raise GelugenError(
                f"density {short(text)} must be gaussian:MEAN,STD with two finite numbers, STD above 0, "
                f"such as gaussian:0,1"
            )
        raise GelugenError(
            f"density {short(text)} is not known: it must be uniform, gaussian:MEAN,STD or histogram:FILE"
        )

    def __str__(self) -> str:
        if self.kind == "gaussian":
            return f"gaussian:{_plain(self.mean)},{_plain(self.std)}"
        if self.kind == "histogram":
            return f"histogram:{self.path}" + (f"@sha256:{self.sha256}" if self.sha256 else "")
        return "uniform"

    def pinned(self, form: Format) -> Density:
        """The same density, checked against an input format; a histogram that has no digest yet is read and gets it.

        Raises:
            GelugenError: as ``weights``. A histogram that has a digest is not opened.
        """
        if self.kind == "histogram":
            if self.sha256:
                return self
            data = self._read()
            self._histogram(data, form)
            return replace(self, sha256=hashlib.sha256(data).hexdigest())
        self.weights(form)
        return self

    def weights(self, form: Format) -> Weights:
        """The weight of every code of a format from ``code_min`` up: float64, not negative, of sum 1.

        Raises:
            GelugenError: no code of the format has a weight; the histogram's file cannot be read, has changed, is
                malformed, or does not give every code of the format one finite weight of at least 0.
        """
        if self.kind == "uniform":
            return np.full(1 << form.bits, 1.0 / (1 << form.bits))
        if self.kind == "gaussian":
            with np.errstate(over="ignore", under="ignore"):
                weights = np.exp(-0.5 * ((form.dequantize(form.codes()) - self.mean) / self.std) ** 2)
                if not weights.any():
                    low, high = form.dequantize([form.code_min, form.code_max]).tolist()
                    raise GelugenError(
                        f"density {self} gives no code of {form} a weight: take a mean nearer to its range, "
                        f"{low!r} to {high!r}, or a larger deviation"
                    )
                scaled: Weights = weights / weights.sum()
            return scaled
        data = self._read()
        if self.sha256 and hashlib.sha256(data).hexdigest() != self.sha256:
            raise GelugenError(
                f"density histogram:{self.path} has changed: its SHA-256 is {hashlib.sha256(data).hexdigest()}, and "
                f"the spec was made with {self.sha256}: take the old file, or make the spec again without the digest"
            )
        return self._histogram(data, form)

    def _read(self) -> bytes:
        path = Path(self.path)
        try:
            if path.exists() and not path.is_file():
                raise OSError("it is no file")
            return path.read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise GelugenError(f"density histogram:{self.path} cannot be read: {reason}") from None

    def _histogram(self, data: bytes, form: Format) -> Weights:
        name = f"density histogram:{self.path}"
        rows = self._rows(data, name)
        codes = 1 << form.bits
        every = f"each of the {codes} codes of {form}, {form.code_min} to {form.code_max}"
        if not rows:
            raise GelugenError(f"{name} is empty: it must give a weight for {every}")
        if len(rows[0][1]) == 1 and len(rows) != codes:
            raise GelugenError(f"{name} holds {len(rows)} weights: there must be one for {every}")
        weights = np.full(codes, -1.0)
        for index, (line, numbers) in enumerate(rows):
            at, weight = index, numbers[-1]
            if len(numbers) == 2:
                if not form.code_min <= numbers[0] <= form.code_max or numbers[0] % 1:
                    raise GelugenError(
                        f"{name}, line {line}: code {_plain(numbers[0])} must be a whole number from {form.code_min} "
                        f"to {form.code_max}, the codes of {form}"
                    )
                at = int(numbers[0]) - form.code_min
                if weights[at] >= 0:
                    raise GelugenError(f"{name}, line {line}: code {_plain(numbers[0])} stands there twice, not once")
            if not (math.isfinite(weight) and weight >= 0):
                raise GelugenError(
                    f"{name}, line {line}: weight {_plain(weight)} must be a finite number of at least 0"
                )
            weights[at] = weight
        if (weights < 0).any():
            missing = form.code_min + int(np.flatnonzero(weights < 0)[0])
            raise GelugenError(f"{name} lacks code {missing}: it must give a weight, 0 if it never occurs, for {every}")
        if not weights.any():
            raise GelugenError(f"{name} gives every code the weight 0: at least one must be larger")
        with np.errstate(under="ignore"):
            weights /= weights.max()
            scaled: Weights = weights / weights.sum()
        return scaled

    @staticmethod
    def _rows(data: bytes, name: str) -> list[tuple[int, list[float]]]:
        """Number of the line and its one or two numbers, for each line that is not blank."""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise GelugenError(f"{name} is no text: it must hold a weight, or a code and its weight, a line") from None
        rows: list[tuple[int, list[float]]] = []
        for line, content in enumerate(text.splitlines(), 1):
            words = content.partition("#")[0].replace(",", " ").split()
            if not words:
                continue
            try:
                numbers = [float(word) for word in words]
            except ValueError:
                numbers = []
            if len(numbers) not in (1, 2) or (rows and len(numbers) != len(rows[0][1])):
                raise GelugenError(
                    f"{name}, line {line}: {short(content)} must be one weight, or a code and its weight, "
                    f"the same on every line"
                )
            rows.append((line, numbers))
        return rows


def _plain(value: float) -> str:
    """The shortest text that reads back as the number, without a needless ``.0``."""
    return repr(value).removesuffix(".0")
