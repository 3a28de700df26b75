"""Values by their place in order, exact, of columns too long to be sorted in memory.

Each pass over the values counts how many fall into which of 8,192 equal parts of the range that may
hold a wanted one; the next pass looks only into the parts that do. What is divided is the order of
a number's bits, so that float32 needs three passes at most, whatever the values are.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]

_BITS = 13
_SIGN = 1 << 63


def keys_of(values: NDArray[Any]) -> Keys:
    """Numbers in the order of the values; NaN is behind infinity, or before that below zero."""
    if values.dtype.kind == "f":
        return _of_bits(_as_known(values))
    if values.dtype.kind == "u":
        return values.astype(np.uint64)
    return values.astype(np.int64).view(np.uint64) ^ np.uint64(_SIGN)


def _as_known(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32, copy=False)


def _of_bits(values: NDArray[Any]) -> Keys:
    size = values.dtype.itemsize
    bits = np.ascontiguousarray(values).view(f"u{size}")
    sign = bits.dtype.type(_SIGN >> (64 - 8 * size))
    return np.where(bits & sign, ~bits, bits | sign).astype(np.uint64)


def value_of(key: int, dtype: np.dtype[Any]) -> float:
    """The value that `keys_of` gave a key, of values of that type."""
    if dtype.kind == "u":
        return float(key)
    if dtype.kind != "f":
        return float(key - _SIGN)
    size = _as_known(np.zeros(0, dtype)).dtype.itemsize
    sign = _SIGN >> (64 - 8 * size)
    bits = key ^ sign if key & sign else ~key & (2 * sign - 1)
    return float(np.array([bits], f"u{size}").view(f"f{size}")[0])


@dataclass(slots=True)
class _Span:
    """Keys from `low` on, 2 to the power of `bits` of them.

    Attributes:
        before: how many values are lower.
        places: that are looked for in it.
        counts: of the values in each of its parts.
    """

    low: int
    bits: int
    before: int
    places: Sequence[int]
    counts: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = np.zeros(1 << (self.bits - self.shift), np.int64)

    @property
    def shift(self) -> int:
        """Bits of a part."""
        return max(0, self.bits - _BITS)

    def add(self, keys: Keys) -> None:
        """Count those that are in it."""
        above = keys - np.uint64(self.low)  # lower keys wrap around, to behind its end
        if self.bits < 64:
            above = above[above < np.uint64(1 << self.bits)]
        parts = (above >> np.uint64(self.shift)).astype(np.intp)
        self.counts += np.bincount(parts, minlength=len(self.counts))

    def parts(self) -> "list[_Span]":
        """Those of its parts that hold a wanted value."""
        reached = self.before + self.counts.cumsum()
        wanted: dict[int, list[int]] = defaultdict(list)
        for place in self.places:
            wanted[int(np.searchsorted(reached, place, side="right"))].append(place)
        return [
            _Span(
                self.low + (part << self.shift),
                self.shift,
                int(reached[part] - self.counts[part]),
                places,
            )
            for part, places in wanted.items()
        ]


class Selection:
    """Looks for values of one column of numbers.

    Args:
        lowest: key of all.
        highest: likewise.
        places: of the wanted values, counted from 0 in ascending order.
    """

    def __init__(self, lowest: int, highest: int, places: Sequence[int]) -> None:
        self.found: dict[int, int] = {}
        """The keys of the wanted values, by their places, once `is_done`."""
        self._spans: list[_Span] = []
        self._take([_Span(lowest, (highest - lowest).bit_length(), 0, places)])

    @property
    def is_done(self) -> bool:
        """True when nothing has to be counted any more."""
        return not self._spans

    def add(self, keys: Keys) -> None:
        """Count some values of a pass over all."""
        for span in self._spans:
            span.add(keys)

    def end_pass(self) -> None:
        """All values were counted."""
        self._take([part for span in self._spans for part in span.parts()])

    def _take(self, spans: Sequence[_Span]) -> None:
        self._spans = [each for each in spans if each.bits]
        for each in spans:
            if not each.bits:
                self.found |= dict.fromkeys(each.places, each.low)
