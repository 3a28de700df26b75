"""A chunk of actions, as LeRobot's PolicyServer pickles it: a list of TimedAction.

Sources: lerobot/async_inference/helpers.py and policy_server.py of 0.6.1;
torch/storage.py and torch/serialization.py (`_legacy_save`) of torch 2.
"""

import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.policy.lerobot.pickled import Call, Global, Instance, Reference, read
from lerecord.policy.packing import WireError, as_float32

_TIMED_ACTION = Global("lerobot.async_inference.helpers", "TimedAction")
_REBUILD = Global("torch._utils", "_rebuild_tensor_v2")
_LOAD = Global("torch.storage", "_load_from_bytes")
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_NUMBERS = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2"}
_COUNT = struct.Struct("<q")
_MOST_ACTIONS, _MOST_JOINTS = 100_000, 1024


@dataclass(frozen=True, slots=True, eq=False)
class PickledChunk:
    """A chunk and what it answers.

    Attributes:
        actions: (H, D).
        timestamp, timestep: of its first action, as the observation had them.
    """

    actions: NDArray[np.float32]
    timestamp: float
    timestep: int


def chunk_of(data: bytes) -> PickledChunk:
    """The chunk that a reply is.

    Raises:
        WireError: it is none.
    """
    stream = io.BytesIO(data)
    timed = read(stream)
    if not isinstance(timed, list) or not 0 < len(timed) <= _MOST_ACTIONS or stream.read(1):
        raise WireError("the pickle is no list of actions")
    states = [_state_of(each) for each in timed]
    actions = [_tensor(each["action"]) for each in states]
    if len({each.shape for each in actions}) > 1:
        raise WireError("the actions have different lengths")
    timestamp, timestep = states[0]["timestamp"], states[0]["timestep"]
    if not isinstance(timestamp, float) or type(timestep) is not int:
        raise WireError("an action has no time")
    return PickledChunk(np.stack(actions), timestamp, timestep)


def _state_of(action: object) -> dict[Any, Any]:
    if (
        not isinstance(action, Instance)
        or action.kind != _TIMED_ACTION
        or not isinstance(action.state, dict)
        or not {"timestamp", "timestep", "action"} <= action.state.keys()
    ):
        raise WireError("the pickle has something else where it should have an action")
    return action.state


def _tensor(value: object) -> NDArray[np.float32]:
    """(D,): a tensor of one dimension."""
    storage, offset, size, stride = _arguments(value, _REBUILD, 4)
    (data,) = _arguments(storage, _LOAD, 1)
    if (
        type(offset) is not int
        or not isinstance(data, bytes)
        or not all(isinstance(each, tuple) and len(each) == 1 for each in (size, stride))
        or not all(type(each) is int for each in (*size, *stride))
    ):
        raise WireError("an action is no vector")
    (length,), (step,) = size, stride
    numbers = _storage(data)
    if not (0 < length <= _MOST_JOINTS and step > 0 and offset >= 0):
        raise WireError("an action is no vector")
    if offset + (length - 1) * step >= len(numbers):
        raise WireError("an action lies outside of its numbers")
    return as_float32(numbers[offset : offset + (length - 1) * step + 1 : step])


def _arguments(value: object, function: Global, least: int) -> tuple[Any, ...]:
    if not isinstance(value, Call) or value.function != function or len(value.arguments) < least:
        raise WireError(f"the pickle does not call {function.name} where an action needs it")
    return value.arguments[:least]


def _storage(data: bytes) -> NDArray[Any]:
    """The numbers that `torch.save` wrote in its old form."""
    stream = io.BytesIO(data)
    if read(stream) != _MAGIC or read(stream) != _PROTOCOL:
        raise WireError("a tensor's numbers are not as torch saves them")
    read(stream)  # about the machine
    dtype, count = _referred(read(stream))
    read(stream)  # the keys of all storages: there is one
    head = stream.read(_COUNT.size)
    numbers = stream.read()
    if len(head) != _COUNT.size or _COUNT.unpack(head)[0] != count:
        raise WireError("a tensor announces other numbers than it brings")
    if len(numbers) != count * dtype.itemsize:
        raise WireError("a tensor has not as many bytes as it announces")
    return np.frombuffer(numbers, dtype)


def _referred(reference: object) -> tuple[np.dtype[Any], int]:
    key = reference.key if isinstance(reference, Reference) else None
    if not isinstance(key, tuple) or len(key) < 5 or key[0] != "storage":
        raise WireError("a tensor has no storage")
    kind, count = key[1], key[4]
    if not isinstance(kind, Global) or kind.module != "torch" or kind.name not in _NUMBERS:
        raise WireError("a tensor has numbers of a kind that no action has")
    if type(count) is not int or count < 0:
        raise WireError("a tensor has no number of numbers")
    return np.dtype(_NUMBERS[kind.name]), count
