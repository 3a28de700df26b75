"""The way to a policy that LeRobot's PolicyServer runs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from lerecord.errors import ConfigError
from lerecord.policy.client import Ask, ServerLostError
from lerecord.policy.extras import needed
from lerecord.policy.lerobot import requests
from lerecord.policy.lerobot.chunks import chunk_of
from lerecord.policy.packing import WireError
from lerecord.policy.policy import Chunk, PolicyFeatures, PolicyInput

_SERVICE = "/transport.AsyncInference/"
_CALL_TIMEOUT_S = 10.0
_LOAD_TIMEOUT_S = 300.0
_MOST_BYTES = 64 << 20  # a reply grows with the square of its actions
_SETUP_AFTER = 2  # answers in a row that did not come
_EXAMPLE = "lerobot://127.0.0.1:8080?policy=act&path=outputs/train/act/checkpoints/last/..."


@dataclass(frozen=True, slots=True)
class ServedPolicy:
    """What the address says: the server, and which policy it is to load.

    Attributes:
        target: host and port.
        kind: LeRobot's name for the type of the policy.
        path: of the checkpoint, as the server sees it, or its name on the Hub.
        device: where the policy runs.
        actions: how many of a chunk are wanted.
    """

    target: str
    kind: str
    path: str
    device: str = "cpu"
    actions: int = 50

    @classmethod
    def of(cls, address: str) -> Self:
        """Of `lerobot://HOST:PORT?policy=act&path=...`, with `device` and `actions` if wanted.

        Raises:
            ConfigError: it is none.
        """
        parts = urlsplit(address)
        said = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        known = {"policy", "path", "device", "actions"}
        if not parts.netloc or not {"policy", "path"} <= said.keys() <= known:
            raise ConfigError(f"An address of LeRobot's PolicyServer is written {_EXAMPLE}.")
        actions = said.get("actions", "50")
        if not actions.isdecimal() or not 0 < int(actions) <= 1000:
            raise ConfigError("`actions` in the policy's address is a number from 1 to 1000.")
        return cls(
            parts.netloc, said["policy"], said["path"], said.get("device", "cpu"), int(actions)
        )


class LerobotBackend:
    """A policy behind LeRobot's PolicyServer.

    The server does not say what its policy was made for: it is told what the rig has.
    """

    def __init__(
        self,
        address: str,
        rig: PolicyFeatures | None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._served = ServedPolicy.of(address)
        if rig is None:
            raise ConfigError("LeRobot's PolicyServer must be told what the rig has.")
        self._features = replace(rig, horizon=self._served.actions)
        self._now = now
        self._channel: Any = None
        self._failures = _SETUP_AFTER

    def open(self) -> PolicyFeatures:
        """Connect, and let the server load the policy unless it has it."""
        if self._failures >= _SETUP_AFTER:
            self._set_up()
        return self._features

    def infer(self, ask: Ask, observation: PolicyInput) -> Chunk:
        """The chunk for an observation; one for another observation never counts."""
        nonce = self._now()
        self._failures += 1
        data = requests.observation(observation, self._features.joints, nonce, ask.seq)
        with self._in_sentences("answer"):
            self._stream("SendObservations", requests.pieces(data))
            reply = self._call("GetActions", b"")
            pickled = requests.actions_data(reply)
            if not pickled:
                raise ServerLostError(
                    f"{self._name} answered with no actions; its own log says why."
                )
            chunk = chunk_of(pickled)
        if (chunk.timestamp, chunk.timestep) != (nonce, ask.seq):
            raise ServerLostError(f"{self._name} answered another observation than the last one.")
        self._failures = 0
        return Chunk(chunk.actions)

    @property
    def _name(self) -> str:
        return f"LeRobot's PolicyServer at {self._served.target}"

    def _set_up(self) -> None:
        grpc = needed("grpc", "grpc")
        if self._channel is not None:
            self._channel.close()
        options = [("grpc.max_receive_message_length", _MOST_BYTES)]
        self._channel = grpc.insecure_channel(self._served.target, options)
        served = self._served
        with self._in_sentences("load the policy"):
            self._call("Ready", b"")
            self._call(
                "SendPolicyInstructions",
                requests.setup(served.kind, served.path, served.device, self._features),
                _LOAD_TIMEOUT_S,
            )
        self._failures = 0

    def _call(self, name: str, message: bytes, timeout_s: float = _CALL_TIMEOUT_S) -> bytes:
        reply: bytes = self._channel.unary_unary(_SERVICE + name)(message, timeout=timeout_s)
        return reply

    def _stream(self, name: str, messages: Iterator[bytes]) -> None:
        self._channel.stream_unary(_SERVICE + name)(messages, timeout=_CALL_TIMEOUT_S)

    @contextmanager
    def _in_sentences(self, what: str) -> Iterator[None]:
        grpc = needed("grpc", "grpc")
        try:
            yield
        except WireError as error:
            raise ServerLostError(
                f"{self._name} speaks otherwise than it should: {error}."
            ) from error
        except grpc.RpcError as error:
            code = error.code().name.lower().replace("_", " ")
            raise ServerLostError(f"{self._name} did not {what} ({code}).") from error
