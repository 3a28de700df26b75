"""Statistics of columns too long for memory: the columns are read several times, in parts.

They are those of the whole columns to the last bit: values are added in NumPy's order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import FeatureStats
from lerecord.dataset.v30 import quantiles
from lerecord.dataset.v30.files import FullStats
from lerecord.dataset.v30.selection import Selection, keys_of, value_of

Read = Callable[[Sequence[str]], Iterator[Mapping[str, NDArray[Any]]]]
"""Reads some columns from the beginning, in parts."""

_AT_ONCE = 1 << 16
Numbers = NDArray[np.float64]


def of_columns(read: Read, keys: Sequence[str], rows: int) -> dict[str, FullStats]:
    """All statistics of each column.

    Args:
        read: parts of a column have the same type each time, and shapes (n,) or (n, D).
        keys: names of the columns.
        rows: of each, at least 1.
    """
    columns = {key: _LongColumn(rows) for key in keys}
    unknown = list(keys)
    while unknown:
        for part in read(unknown):
            for key in unknown:
                columns[key].add(part[key].reshape(len(part[key]), -1))
        for key in unknown:
            columns[key].end_pass()
        unknown = [key for key in unknown if not columns[key].is_done]
    return {key: each.statistics() for key, each in columns.items()}


class _LongColumn:
    """A column in its passes: of extremes and mean, of the deviation, and what a search needs."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._pass = 0
        self._low: NDArray[Any] = np.empty(0)
        self._high: NDArray[Any] = np.empty(0)
        self._keys: NDArray[np.uint64] = np.empty((2, 0), np.uint64)
        self._sum = _Sum(rows)
        self._mean: Numbers = np.empty(0)
        self._std: Numbers = np.empty(0)
        self._selections: Sequence[Selection] = ()

    @property
    def is_done(self) -> bool:
        return self._pass > 1 and all(each.is_done for each in self._selections)

    def add(self, values: NDArray[Any]) -> None:
        """(n, D) of a pass."""
        keys = keys_of(values)
        if not self._pass:
            self._take_extremes(values, keys)
        for column, each in zip(keys.T, self._selections, strict=False):
            each.add(column)
        if self._pass < 2:
            exact = values.astype(np.float64)
            with np.errstate(invalid="ignore", over="ignore"):
                self._sum.add((exact - self._mean) ** 2 if self._pass else exact)

    def _take_extremes(self, values: NDArray[Any], keys: NDArray[np.uint64]) -> None:
        lows, highs = [values.min(axis=0)], [values.max(axis=0)]
        keyed = [keys.min(axis=0), keys.max(axis=0)]
        if self._low.size:
            lows, highs = [self._low, *lows], [self._high, *highs]
            keyed = [np.minimum(self._keys[0], keyed[0]), np.maximum(self._keys[1], keyed[1])]
        self._low, self._high = np.minimum.reduce(lows), np.maximum.reduce(highs)
        self._keys = np.array(keyed)

    def end_pass(self) -> None:
        if self._pass < 2:
            with np.errstate(invalid="ignore", over="ignore"):
                found = self._sum.total() / self._rows
                self._mean, self._std = (
                    (self._mean, np.sqrt(found)) if self._pass else (found, found)
                )
            self._sum = _Sum(self._rows)
        if self._pass:
            for each in self._selections:
                each.end_pass()
        else:
            places = quantiles.places(self._rows)
            self._selections = [
                Selection(low, low if unordered else high, places)
                for low, high, unordered in zip(
                    *self._keys.tolist(), np.isnan(self._low.astype(np.float64)), strict=True
                )
            ]
        self._pass += 1

    def statistics(self) -> FullStats:
        kept: Any = np.int64 if np.issubdtype(self._low.dtype, np.integer) else np.float64
        low, high = self._low.astype(kept), self._high.astype(kept)
        moments = FeatureStats(low, high, self._mean, self._std, self._rows)
        found = [
            self._quantiles(each, bool(np.isnan(number)))
            for each, number in zip(self._selections, low.astype(np.float64), strict=True)
        ]
        shares = {name: np.array([each[name] for each in found]) for name in quantiles.SHARES}
        return FullStats(moments, shares)

    def _quantiles(self, selection: Selection, unordered: bool) -> Mapping[str, float]:
        if unordered:
            return dict.fromkeys(quantiles.SHARES, float("nan"))
        values = {place: value_of(key, self._low.dtype) for place, key in selection.found.items()}
        return {
            name: quantiles.interpolated(share, self._rows, values.__getitem__)
            for name, share in quantiles.SHARES.items()
        }


class _Sum:
    """Adds (N, D) values in the order of NumPy's `sum(axis=0)`.

    Args:
        rows: N.
    """

    def __init__(self, rows: int) -> None:
        self._halved = _HalvedSum(rows)
        self._sum: Numbers = np.empty(0)

    def add(self, values: Numbers) -> None:
        if values.shape[1] == 1:
            self._halved.add(values[:, 0])
        elif self._sum.size:
            self._sum = np.add.reduce(np.concatenate([self._sum[None], values]), axis=0)
        else:
            self._sum = np.add.reduce(values, axis=0)

    def total(self) -> Numbers:
        return self._sum if self._sum.size else np.array([self._halved.total()])


class _HalvedSum:
    """Adds numbers as NumPy does where they lie side by side: the sum of both halves, and so on.

    Source: `pairwise_sum` in numpy/_core/src/umath/loops_utils.h.src.
    """

    def __init__(self, count: int) -> None:
        self._leaves = _leaves(count)
        self._depth, self._size = next(self._leaves)
        self._room = np.empty(min(count, _AT_ONCE))
        self._filled = 0
        self._sums: list[tuple[int, float]] = []

    def add(self, values: Numbers) -> None:
        while len(values):
            some = values[: self._size - self._filled]
            self._room[self._filled : self._filled + len(some)] = some
            self._filled += len(some)
            values = values[len(some) :]
            if self._filled == self._size:
                self._end_leaf()

    def _end_leaf(self) -> None:
        depth, total = self._depth, float(np.add.reduce(self._room[: self._size]))
        while self._sums and self._sums[-1][0] == depth:
            total = self._sums.pop()[1] + total
            depth -= 1
        self._sums.append((depth, total))
        self._depth, self._size = next(self._leaves, (0, 0))
        self._filled = 0

    def total(self) -> float:
        ((_, total),) = self._sums
        return total


def _leaves(count: int, depth: int = 0) -> Iterator[tuple[int, int]]:
    """How deep they are, and how many numbers each has."""
    if count <= _AT_ONCE:
        yield depth, count
        return
    half = count // 2
    half -= half % 8
    yield from _leaves(half, depth + 1)
    yield from _leaves(count - half, depth + 1)
