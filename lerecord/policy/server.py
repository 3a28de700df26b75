"""Serves a policy: metadata first, then a chunk for each observation, on openpi's wire.

A connection that breaks the rules is told the type of its error and closed. Others go on.
"""

import hmac
import http
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lerecord.errors import ConfigError, LerecordError
from lerecord.policy import packing, wire
from lerecord.policy.extras import needed
from lerecord.policy.policy import Policy

_MOST_CONNECTIONS = 16
_OPEN_TIMEOUT_S, _CLOSE_TIMEOUT_S = 5.0, 0.5
_GOING_AWAY, _INTERNAL_ERROR = 1001, 1011
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SCHEMES = ("Bearer ", "Api-Key ")  # ours, and that of openpi's client


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where and to whom a policy is served.

    Attributes:
        host, port: where it listens; port 0 takes any free one.
        token: that clients must have.
        certificate: the files of a TLS certificate and of its key.
        delay_s: by which each answer is held back, to try out what latency does.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    certificate: tuple[Path, Path] | None = None
    delay_s: float = 0.0

    def require_safe(self) -> None:
        """Raises ConfigError for an address that others reach without a token."""
        if self.token is None and self.host not in _LOOPBACK:
            raise ConfigError(
                f"Whoever reaches {self.host} could drive the policy; give --token, or serve on "
                f"127.0.0.1 and reach it by `ssh -L {self.port}:127.0.0.1:{self.port}`."
            )


class PolicyServer:
    """A policy on a port; a context manager.

    Args:
        policy: what is served; it is asked by one connection at a time.
        settings: where and to whom.
        log: gets a line for each thing worth knowing.

    Raises:
        LerecordError: the extra is not installed, the port is taken, or strangers could get in.
    """

    def __init__(
        self, policy: Policy, settings: ServerSettings, log: Callable[[str], object] = print
    ) -> None:
        settings.require_safe()
        self._policy = policy
        self._settings = settings
        self._log = log
        self._metadata = packing.packed(wire.metadata_of(policy.features))
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        self._epoch: object = None
        self._connections: set[Any] = set()
        server = needed("websockets.sync.server", "policy")
        try:
            self._server = server.serve(
                self._converse,
                settings.host,
                settings.port,
                compression=None,
                max_size=wire.MOST_BYTES,
                open_timeout=_OPEN_TIMEOUT_S,
                close_timeout=_CLOSE_TIMEOUT_S,
                origins=[None],  # a page in somebody's browser has one
                process_request=self._check,
                ssl=_tls(settings.certificate),
            )
        except OSError as error:
            raise ConfigError(
                f"{settings.host}:{settings.port} cannot be used ({error.strerror}); choose "
                f"another one with --host and --port."
            ) from error

    @property
    def address(self) -> str:
        """What clients connect to."""
        scheme = "ws" if self._settings.certificate is None else "wss"
        port = self._server.socket.getsockname()[1]
        host = self._settings.host
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    def run(self) -> None:
        """Serve until `close`."""
        self._server.serve_forever()

    def close(self) -> None:
        """Serve nobody any more."""
        self._server.shutdown()
        for connection in list(self._connections):
            connection.close(_GOING_AWAY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, connection: Any, request: Any) -> Any:
        """The HTTP request that begins a connection; a response refuses it."""
        if request.path == "/healthz":
            return connection.respond(http.HTTPStatus.OK, "OK\n")
        given = request.headers.get_all("Authorization")
        if self._settings.token is not None and not _is_let_in(given, self._settings.token):
            self._log("Refused a connection without the token.")
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "A token is needed.\n")
        return None

    def _converse(self, connection: Any) -> None:
        if not self._places.acquire(blocking=False):
            connection.close(_INTERNAL_ERROR, "Busy")
            return
        self._connections.add(connection)
        try:
            connection.send(self._metadata)
            for data in connection:
                connection.send(self._answer(data, connection))
        except LerecordError as error:
            self._end(connection, error)
        except needed("websockets.exceptions", "policy").ConnectionClosed:
            pass
        except Exception as error:
            self._end(connection, error)
            raise
        finally:
            self._connections.discard(connection)
            self._places.release()

    def _answer(self, data: bytes | str, owner: object) -> bytes:
        if isinstance(data, str):
            raise packing.WireError("an observation came as text")
        message = packing.unpacked(data)
        extra = wire.extra_of(message)
        observation = wire.observation_of(message, self._policy.features)
        with self._turn:
            began = time.monotonic()
            self._begin(owner, None if extra is None else extra.epoch)
            chunk = self._policy.infer(observation)
            took_s = time.monotonic() - began
        time.sleep(self._settings.delay_s)
        return packing.packed(wire.reply_message(chunk, extra, 1000.0 * took_s))

    def _begin(self, owner: object, epoch: int | None) -> None:
        """What the policy saw of another client, or in an epoch that is over, counts no more."""
        if (owner, epoch) != self._epoch:
            self._epoch = owner, epoch
            self._policy.reset()

    def _end(self, connection: Any, error: Exception) -> None:
        """Say what kind of error it was; what it says may be nobody's business."""
        name = type(error).__name__
        self._log(f"Closed a connection: {error} ({name}).")
        connection.send(name)
        connection.close(_INTERNAL_ERROR, name)


def _is_let_in(given: list[str], token: str) -> bool:
    return any(
        value.startswith(scheme)
        and hmac.compare_digest(value.removeprefix(scheme).encode(), token.encode())
        for value in given
        for scheme in _SCHEMES
    )


def _tls(certificate: tuple[Path, Path] | None) -> Any:
    if certificate is None:
        return None
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(*certificate)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{certificate[0]} and {certificate[1]} are no TLS certificate with its key ({error})."
        ) from error
    return context
