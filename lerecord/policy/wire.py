"""What a policy's server and its clients say to each other: openpi's messages, and one key more.

`packing` makes bytes of a message. The first message of a connection is the server's metadata, then
each observation is answered by a chunk. Where the metadata has `lerecord_policy`, both carry a key
`_` that says which request and which chunk belong together.

Everything here is data from somebody else: what is no message is a WireError and nothing worse,
and takes no more memory than a few times its bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from lerecord.policy.packing import WireError, as_float32
from lerecord.policy.policy import CameraInput, Chunk, PolicyFeatures, PolicyInput, Rgb

VERSION = 1
"""`lerecord_policy` in the metadata."""

MOST_BYTES = 64 << 20
"""Of an observation."""
MOST_REPLY_BYTES = 8 << 20
"""Of a chunk and of the metadata."""

_EXTRA_KEY = "_"
_MOST_JOINTS, _MOST_CAMERAS, _MOST_HORIZON, _MOST_PIXELS = 1024, 64, 100_000, 16_384
_MOST_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class Extra:
    """The key `_`.

    Attributes:
        seq, epoch: of the request.
        t: plan tick of the observation; None in a reply.
        rtc: for real-time chunking; None where nothing is executed meanwhile.
        done: in a reply: the task is done.
    """

    seq: int
    epoch: int
    t: int | None = None
    rtc: "RealTimeChunking | None" = None
    done: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RealTimeChunking:
    """What will be executed until the chunk arrives.

    Attributes:
        inference_delay: actions of the chunk before that go by meanwhile, most likely.
        prev_seq: the request whose chunk it is.
        left: (R, D) what is left of it, in the rig's units.
    """

    inference_delay: int
    prev_seq: int
    left: NDArray[np.float32]


def metadata_of(features: PolicyFeatures) -> dict[str, Any]:
    """What a server says first."""
    return {
        "lerecord_policy": VERSION,
        "joints": list(features.joints),
        "fps": features.fps,
        "horizon": features.horizon,
        "units": features.units,
        "cameras": {each.name: [each.width, each.height] for each in features.cameras},
    }


def features_of(metadata: Mapping[str, Any]) -> PolicyFeatures:
    """The inverse of metadata_of; other keys are left out.

    Raises:
        WireError: the server does not say what its policy was made for.
    """
    joints, cameras = metadata.get("joints"), metadata.get("cameras")
    units = metadata.get("units")
    if (
        not isinstance(joints, list | tuple)
        or not 0 < len(joints) <= _MOST_JOINTS
        or not all(isinstance(each, str) for each in joints)
        or not isinstance(cameras, dict)
        or len(cameras) > _MOST_CAMERAS
        or not isinstance(units, str | None)
    ):
        raise WireError(
            "the server does not say what its policy was made for; give its metadata the keys "
            "joints, cameras, fps and horizon"
        )
    return PolicyFeatures(
        joints=tuple(joints),
        fps=_count(metadata.get("fps"), "fps", 1000),
        horizon=_count(metadata.get("horizon"), "horizon", _MOST_HORIZON),
        cameras=tuple(_camera(name, size) for name, size in cameras.items()),
        units=units,
    )


def _camera(name: object, size: object) -> CameraInput:
    if not isinstance(name, str) or not isinstance(size, list | tuple) or len(size) != 2:
        raise WireError("a camera in the metadata is not NAME: [width, height]")
    width, height = (_count(each, "width or height", _MOST_PIXELS) for each in size)
    return CameraInput(name, width, height)


def _count(value: object, name: str, most: int, least: int = 1) -> int:
    if type(value) is not int or not least <= value <= most:
        raise WireError(f"{name} is not a whole number from {least} to {most}")
    return value


def observation_message(observation: PolicyInput, extra: Extra | None) -> dict[str, Any]:
    """What a client sends."""
    message: dict[str, Any] = {
        "state": observation.state,
        "images": dict(observation.images),
        "prompt": observation.task,
    }
    if extra is not None:
        rtc = extra.rtc and {
            "inference_delay": extra.rtc.inference_delay,
            "prev_seq": extra.rtc.prev_seq,
            "prev_chunk_left_over": extra.rtc.left,
        }
        message[_EXTRA_KEY] = {"seq": extra.seq, "epoch": extra.epoch, "t": extra.t, "rtc": rtc}
    return message


def observation_of(message: Mapping[str, Any], features: PolicyFeatures) -> PolicyInput:
    """What a server gets, checked against what the policy was made for.

    Raises:
        WireError: it does not fit.
    """
    state: object = message.get("state")
    images, task = message.get("images"), message.get("prompt")
    joints = len(features.joints)
    if not _is_real(state) or state.shape != (joints,):
        raise WireError(f"`state` is not {joints} finite numbers")
    measured = as_float32(state)
    if not np.isfinite(measured).all():
        raise WireError(f"`state` is not {joints} finite numbers")
    if not isinstance(task, str):
        raise WireError("`prompt` is not a text")
    if not isinstance(images, dict):
        raise WireError("`images` is not a map of a camera's name to its image")
    seen = {each.name: _image(images.get(each.name), each) for each in features.cameras}
    return PolicyInput(measured, seen, task)


def _image(image: object, wanted: CameraInput) -> Rgb:
    shape = (wanted.height, wanted.width, 3)
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != shape:
        raise WireError(f"the image of {wanted.name} is not {shape} uint8")
    return image


def extra_of(message: Mapping[str, Any]) -> Extra | None:
    """The key `_` of a message, without what only some policies understand; None without it.

    Raises:
        WireError: it has another form.
    """
    extra = message.get(_EXTRA_KEY)
    if extra is None:
        return None
    if not isinstance(extra, dict):
        raise WireError("`_` is not a map")
    t, done = extra.get("t"), extra.get("done", False)
    if not isinstance(done, bool):
        raise WireError("`done` is neither true nor false")
    return Extra(
        seq=_count(extra.get("seq"), "seq", _MOST_NUMBER, 0),
        epoch=_count(extra.get("epoch"), "epoch", _MOST_NUMBER, 0),
        t=None if t is None else _count(t, "t", _MOST_NUMBER, 0),
        done=done,
    )


def reply_message(chunk: Chunk, extra: Extra | None, infer_ms: float) -> dict[str, Any]:
    """What a server answers."""
    message: dict[str, Any] = {"actions": chunk.actions, "server_timing": {"infer_ms": infer_ms}}
    if extra is not None:
        message[_EXTRA_KEY] = {"seq": extra.seq, "epoch": extra.epoch, "done": chunk.done}
    return message


def chunk_of(message: Mapping[str, Any], asked: Extra | None) -> Chunk:
    """The chunk in a reply, whatever its shape and numbers.

    Args:
        message: the reply.
        asked: what the reply must belong to; None where the server does not know the key.

    Raises:
        WireError: it has none, or belongs to another request.
    """
    actions = message.get("actions")
    if not _is_real(actions):
        raise WireError("the server answered without `actions`")
    answered = extra_of(message)
    if asked is not None and (
        answered is None or (answered.seq, answered.epoch) != (asked.seq, asked.epoch)
    ):
        raise WireError("the server answered another request than the last one")
    done = answered is not None and answered.done
    return Chunk(as_float32(actions), done)


def _is_real(value: object) -> TypeGuard[NDArray[Any]]:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiu"
