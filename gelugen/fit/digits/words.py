"""Which of the words that keep the bounds a segment gets."""

from __future__ import annotations

from gelugen.fit.digits.grid import Word
from gelugen.fit.digits.plans import Cover

Stored = tuple[int, tuple[int, ...]]
"""c_0 without its dropped bits, and the digits."""


def chosen(cover: Cover) -> list[Stored]:
    """A word for every segment: no digits where none are needed, and c_0 with the most low zeros."""
    return [_one(words) for words in cover.words]


def _one(words: list[Word]) -> Stored:
    word = next((each for each in words if not any(each.digits)), words[0])
    return _round(word.low, word.high), word.digits


def _round(low: int, high: int) -> int:
    """The number between two others with the most low zeros."""
    if low <= 0 <= high:
        return 0
    bits = 0
    while -(-low >> bits + 1) <= high >> bits + 1:
        bits += 1
    return -(-low >> bits) << bits
