"""A policy behind a websocket: `lerecord serve`, or openpi's server with the metadata it needs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from lerecord.errors import LerecordError
from lerecord.policy import packing, wire
from lerecord.policy.client.messages import Ask
from lerecord.policy.extras import needed
from lerecord.policy.policy import Chunk, PolicyFeatures, PolicyInput
from lerecord.secrets import without_secrets

OPEN_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 0.5
_UNAUTHORIZED = 401
_TOO_BIG = 1009
_MOST_SHOWN = 80


class ServerLostError(LerecordError):
    """A policy's server is not reached, or does not answer."""


class WebsocketBackend:
    """The way to a policy at `ws://HOST:PORT` or `wss://HOST:PORT`."""

    def __init__(
        self, address: str, token: str | None, answer_timeout_s: float = ANSWER_TIMEOUT_S
    ) -> None:
        self._address = address
        self._server = f"The policy's server at {without_secrets(address)}"
        self._token = token
        self._timeout_s = answer_timeout_s
        self._opened = ExitStack()
        self._connection: Any = None
        self._understands_extra = False

    def open(self) -> PolicyFeatures:
        """Connect, or connect anew, and hear what the policy was made for."""
        self._opened.close()
        client = needed("websockets.sync.client", "policy")
        headers = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        with self._in_sentences():
            connecting = client.connect(
                self._address,
                compression=None,
                max_size=wire.MOST_REPLY_BYTES,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=_CLOSE_TIMEOUT_S,
                additional_headers=headers,
                proxy=None,
            )
            self._connection = self._opened.enter_context(connecting)
            metadata = packing.unpacked(self._received(OPEN_TIMEOUT_S))
            self._understands_extra = metadata.get("lerecord_policy") == wire.VERSION
            return wire.features_of(metadata)

    def infer(self, ask: Ask, observation: PolicyInput) -> Chunk:
        """Its answer; one that comes too late never counts for another request."""
        extra = _extra_of(ask) if self._understands_extra else None
        with self._in_sentences():
            self._connection.send(packing.packed(wire.observation_message(observation, extra)))
            return wire.chunk_of(packing.unpacked(self._received(self._timeout_s)), extra)

    def _received(self, timeout_s: float) -> bytes:
        data = self._connection.recv(timeout_s)
        if isinstance(data, str):  # the type of an error, or openpi's whole traceback
            last = (data.strip().splitlines() or ["nothing"])[-1]
            raise ServerLostError(
                f"{self._server} reports an error ({last[:_MOST_SHOWN]}); its own output says more."
            )
        assert isinstance(data, bytes)
        return data

    @contextmanager
    def _in_sentences(self) -> Iterator[None]:
        """What goes wrong with the connection as one sentence."""
        failures = needed("websockets.exceptions", "policy")
        try:
            yield
        except packing.WireError as error:
            raise ServerLostError(
                f"{self._server} speaks otherwise than it should: {error}."
            ) from error
        except TimeoutError as error:
            raise ServerLostError(f"{self._server} does not answer in time.") from error
        except failures.ConnectionClosed as error:
            raise ServerLostError(self._closed(error)) from error
        except failures.InvalidStatus as error:
            raise ServerLostError(self._refused(error.response.status_code)) from error
        except failures.WebSocketException as error:
            raise ServerLostError(
                f"{self._server} is no policy's server ({type(error).__name__})."
            ) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ServerLostError(f"{self._server} cannot be reached ({reason}).") from error

    def _closed(self, error: Any) -> str:
        if error.sent is not None and error.sent.code == _TOO_BIG:
            return (
                f"{self._server} sent more than {wire.MOST_REPLY_BYTES >> 20} MiB at once, and no "
                f"chunk of actions takes that much."
            )
        return f"{self._server} has closed the connection."

    def _refused(self, status: int) -> str:
        if status == _UNAUTHORIZED:
            return f"{self._server} wants its token; give it with --token."
        return f"{self._server} refuses the connection (HTTP {status})."


def _extra_of(ask: Ask) -> wire.Extra:
    rtc = None
    if ask.previous is not None:
        rtc = wire.RealTimeChunking(ask.delay_ticks, ask.previous, ask.left.array)
    return wire.Extra(ask.seq, ask.epoch, ask.tick, rtc)
