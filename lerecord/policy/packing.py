"""Messages as MessagePack, with arrays as openpi's client writes them.

An array is a map with the keys `__ndarray__`, `data`, `dtype` and `shape`, all of them bytes; a
NumPy scalar is one with `__npgeneric__`. What comes in is data from somebody else: what is no
message is a WireError and nothing worse.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.errors import LerecordError
from lerecord.policy.extras import needed

_ARRAY, _SCALAR, _DATA, _DTYPE, _SHAPE = (
    b"__ndarray__", b"__npgeneric__", b"data", b"dtype", b"shape",
)  # fmt: skip
# By name: np.dtype("...") of somebody else's text does far more than look one up.
_DTYPES = {
    dtype.str: dtype
    for dtype in map(
        np.dtype, ("b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")
    )
}
_MOST_DIMENSIONS = 8
_MOST_NUMBER = 2**53


class WireError(LerecordError):
    """Bytes from the other end of a policy's connection are not what they should be."""


def packed(message: Mapping[str, Any]) -> bytes:
    """A message as bytes."""
    msgpack = needed("msgpack", "policy")
    data: bytes = msgpack.packb(message, default=_array_as_map)
    return data


def unpacked(data: bytes) -> dict[str, Any]:
    """The message that the bytes are.

    Raises:
        WireError: they are none.
    """
    msgpack = needed("msgpack", "policy")
    try:
        message = msgpack.unpackb(data, object_hook=_map_as_array)
    except WireError:
        raise
    except (ValueError, TypeError, RecursionError, OverflowError, msgpack.UnpackException) as error:
        raise WireError(f"a message is no MessagePack ({type(error).__name__})") from error
    if not isinstance(message, dict):
        raise WireError(f"a message is {_kind(message)} and not a map")
    return message


def _array_as_map(value: Any) -> dict[bytes, Any]:
    if isinstance(value, np.ndarray) and value.dtype.str in _DTYPES:
        return {
            _ARRAY: True, _DATA: value.tobytes(), _DTYPE: value.dtype.str, _SHAPE: value.shape,
        }  # fmt: skip
    if isinstance(value, np.generic) and value.dtype.str in _DTYPES:
        return {_SCALAR: True, _DATA: value.item(), _DTYPE: value.dtype.str}
    raise TypeError(f"{type(value).__name__} cannot be sent")


def _map_as_array(value: dict[Any, Any]) -> Any:
    if _ARRAY in value:
        return _array(value)
    if _SCALAR in value:
        return _scalar(value)
    return value


def _array(value: dict[Any, Any]) -> NDArray[Any]:
    dtype, shape, data = _dtype_of(value), value.get(_SHAPE), value.get(_DATA)
    if (
        not isinstance(shape, list | tuple)
        or len(shape) > _MOST_DIMENSIONS
        or not all(type(each) is int and 0 <= each <= _MOST_NUMBER for each in shape)
    ):
        raise WireError("an array has a shape that is none")
    if not isinstance(data, bytes) or len(data) != math.prod(shape) * dtype.itemsize:
        raise WireError("an array has not as many bytes as its shape says")
    return np.frombuffer(data, dtype).reshape(shape)


def _scalar(value: dict[Any, Any]) -> Any:
    number = value.get(_DATA)
    if not isinstance(number, bool | int | float):
        raise WireError(f"a number is {_kind(number)}")
    try:
        return _dtype_of(value).type(number)
    except (OverflowError, ValueError) as error:
        raise WireError("a number does not fit its type") from error


def _dtype_of(value: dict[Any, Any]) -> np.dtype[Any]:
    name = value.get(_DTYPE)
    if isinstance(name, bytes):
        name = name.decode(errors="replace")
    if not isinstance(name, str) or name not in _DTYPES:
        raise WireError("an array has a type that does not travel")
    return _DTYPES[name]


def _kind(value: object) -> str:
    return f"of type {type(value).__name__}"


def as_float32(array: NDArray[Any]) -> NDArray[np.float32]:
    """The same numbers; one that is too large for the type becomes infinite, in silence."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(array, np.float32)
