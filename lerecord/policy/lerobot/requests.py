"""What LeRobot's PolicyServer is sent: pickles of its own classes, in the fields of its messages.

Source: lerobot/transport/services.proto and async_inference/helpers.py of 0.6.1.
"""

import pickle
from collections.abc import Iterator, Mapping
from typing import Any

from lerecord.policy.packing import WireError
from lerecord.policy.policy import PolicyFeatures, PolicyInput

_PIECE_BYTES = 2 << 20
_BEGIN, _MIDDLE, _END = 1, 2, 3
_HELPERS = "lerobot.async_inference.helpers"
_PROTOCOL = 3  # the last one whose pieces can be put together without their frames


def setup(kind: str, path: str, device: str, features: PolicyFeatures) -> bytes:
    """A PolicySetup: which policy is to be loaded, and what the rig has."""
    state = {
        "policy_type": kind,
        "pretrained_name_or_path": path,
        "lerobot_features": _lerobot_features(features),
        "actions_per_chunk": features.horizon,
        "device": device,
        "rename_map": {},
    }
    return _bytes_field(1, _instance("RemotePolicyConfig", state))


def observation(seen: PolicyInput, joints: tuple[str, ...], nonce: float, seq: int) -> bytes:
    """A TimedObservation; the timestamp comes back with the first action."""
    flat: dict[str, Any] = dict(zip(joints, seen.state.tolist(), strict=True))
    flat |= dict(seen.images)
    flat["task"] = seen.task
    state = {"timestamp": nonce, "timestep": seq, "observation": flat, "must_go": True}
    return _instance("TimedObservation", state)


def pieces(data: bytes) -> Iterator[bytes]:
    """The Observation messages that carry it."""
    for place in range(0, len(data), _PIECE_BYTES):
        is_last = place + _PIECE_BYTES >= len(data)
        state = _END if is_last else _MIDDLE if place else _BEGIN
        piece = data[place : place + _PIECE_BYTES]
        yield bytes([1 << 3, state]) + _bytes_field(2, piece)


def actions_data(message: bytes) -> bytes:
    """The `data` of an Actions message; empty when the server has none.

    Raises:
        WireError: it is another message.
    """
    if not message:
        return b""
    size, place = _varint(message, 1)
    if message[0] != 1 << 3 | 2 or place + size != len(message):
        raise WireError("the reply is no message of actions")
    return message[place:]


def _lerobot_features(features: PolicyFeatures) -> Mapping[str, Any]:
    cameras = {
        f"observation.images.{each.name}": {
            "dtype": "image",
            "shape": (each.height, each.width, 3),
            "names": ["height", "width", "channels"],
        }
        for each in features.cameras
    }
    joints = list(features.joints)
    state = {"dtype": "float32", "shape": (len(joints),), "names": joints}
    return {"observation.state": state, **cameras}


def _instance(name: str, state: Mapping[str, Any]) -> bytes:
    """A pickle of an instance of one of LeRobot's classes, which need not be installed."""
    body = pickle.dumps(dict(state), _PROTOCOL)[2:-1]  # without its version and its end
    return b"\x80\x03c" + f"{_HELPERS}\n{name}\n".encode() + b")\x81" + body + b"b."


def _bytes_field(number: int, data: bytes) -> bytes:
    size, rest = bytearray(), len(data)
    while rest > 0x7F:
        size.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([number << 3 | 2, *size, rest]) + data


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        if place >= len(message):
            break
        value |= (message[place] & 0x7F) << shift
        place += 1
        if not message[place - 1] & 0x80:
            return value, place
    raise WireError("the reply is torn")
