"""From a column of numpy to one of Arrow, and back."""

from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def to_arrow(column: NDArray[Any]) -> Any:
    """An Arrow array of a column: (N,) plain, (N, D) as fixed_size_list<element>[D]."""
    if column.ndim == 1:
        return pa.array(column)
    flat: Any = pa.array(np.ascontiguousarray(column).reshape(-1))
    kind: Any = vector_type(column.shape[1], flat.type)
    return pa.FixedSizeListArray.from_arrays(flat, type=kind)


def vector_type(width: int, element: Any) -> Any:
    """Of the vectors of a column, `width` numbers each."""
    return pa.list_(pa.field("element", element), width)


_LISTS: Any = (pa.ListArray, pa.LargeListArray, pa.FixedSizeListArray)


def to_numpy(table: pa.Table, name: str) -> NDArray[Any]:
    """A column, (N,) or (N, D): as `to_arrow` made it, or with other kinds of lists.

    Where `datasets` was imported, the matrices it wrote have a type of their own around the lists.

    Raises:
        KeyError: there is none of that name.
        ValueError: its lists have several lengths, or one is missing.
    """
    column = table[name]
    array: Any = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    shape: list[int] = [len(array)]
    while isinstance(array, _LISTS):
        if isinstance(array, pa.FixedSizeListArray):
            lengths = [array.type.list_size]
        else:
            lengths = array.value_lengths().unique().to_pylist()
        if array.null_count or len(lengths) > 1:
            raise ValueError(f"{name}: its frames have several lengths")
        shape += lengths or [0]
        array = array.flatten()
    return cast("NDArray[Any]", array.to_numpy(zero_copy_only=False)).reshape(shape)
