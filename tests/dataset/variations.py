"""What a field of metadata may hold instead of its value: tried here and against the real LeRobot.

LeRobot's environments run this module too, so that it needs nothing that only tests need.
"""

import copy
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pyarrow as pa

NOTHING = object()
"""In the place of a value: the field is missing."""
Place = tuple[str | int, ...]


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


VALUES: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "missing": (NOTHING,),
        "null": (None,),
        "another type": (
            *(True, "", "x", "30", [], {}, [None], ["x"], [1, 2, 3], {"x": 1}, _nested(40)),
        ),
        "negative": (-1,),
        "another number": (0, 1, 7, 1.5, 29.97, 30.0),
        "no number": (float("nan"), float("inf")),
        "huge": (1e308, 10**9, 2**63, 2**70),
        "hostile": ("../../x", "{x.__class__}", "\ud800", "\x1b[2J"),
    }
)
"""Of JSON, by kind."""

CELLS: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "missing": (NOTHING,),
        "null": (None,),
        "another type": (
            pa.scalar("x"),
            pa.scalar(True),
            pa.scalar(b"x"),
            pa.scalar(["x"]),
            pa.scalar([], pa.list_(pa.float64())),
            pa.scalar([None], pa.list_(pa.float64())),
            pa.scalar([[1.0, 2.0]]),
            pa.scalar({"a": 1}),
        ),
        "negative": (pa.scalar(-1), pa.scalar([-1])),
        "another number": (pa.scalar(1.5),),
        "no number": (pa.scalar(float("nan")),),
        "huge": (pa.scalar(2**62), pa.scalar(1e308)),
        "hostile": (pa.scalar("../x"),),
    }
)
"""Of a column of a parquet file, by kind."""


def places_of(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where every part of a JSON document stands."""
    yield place
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places_of(each, (*place, key))


def changed(document: Any, place: Place, value: Any) -> Any:
    """A copy of a JSON document with another value at a place."""
    found = part = copy.deepcopy(document)
    for key in place[:-1]:
        part = part[key]
    if value is NOTHING:
        del part[place[-1]]
    else:
        part[place[-1]] = value
    return found


def with_cells(table: pa.Table, column: str, cell: Any) -> pa.Table:
    """A table with one column filled with a cell, or without that column."""
    place = table.column_names.index(column)
    if cell is NOTHING:
        return table.remove_column(place)
    values: Any = pa.nulls(len(table)) if cell is None else pa.repeat(cell, len(table))
    return table.set_column(place, column, values)
