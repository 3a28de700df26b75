"""A page on a port of this machine."""

import contextlib
import socket
from collections.abc import Callable
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from lerecord.errors import ConfigError
from lerecord.ui.web.gate import Gate, Pass

_LOOPBACK, _EVERYWHERE = "127.0.0.1", "0.0.0.0"
_MOST_AT_ONCE = 64
_MOST_HEADER_BYTES = 16 << 10
_MOST_MESSAGE_BYTES = 64 << 10
_FAREWELL_S = 1


class WebServer:
    """Serves an application; a context manager.

    Args:
        app: makes the page's own, given what a browser has to show; a gate is put before it.
        port: 0 takes any free one.
        token: with it other machines reach the page, too, and every browser has to show it.

    Raises:
        ConfigError: the port is taken.
    """

    def __init__(
        self, app: Callable[[Pass | None], ASGIApp], port: int = 0, token: str | None = None
    ) -> None:
        self._socket = _bound(_LOOPBACK if token is None else _EVERYWHERE, port)
        self.port: int = self._socket.getsockname()[1]
        self._token = token
        shown = None if token is None else Pass(token, f"lerecord_{self.port}")
        self._names = [_LOOPBACK, "localhost", *([] if token is None else _own_addresses())]
        hosts = [f"{name}:{self.port}" for name in self._names]
        config = uvicorn.Config(
            Gate(app(shown), hosts, shown),
            access_log=False,
            h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
            http="h11",
            interface="asgi3",
            lifespan="off",
            limit_concurrency=_MOST_AT_ONCE,
            log_level="warning",
            loop="asyncio",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_FAREWELL_S,
            ws="websockets-sansio",
            ws_max_size=_MOST_MESSAGE_BYTES,
            ws_per_message_deflate=False,
        )
        self._server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        """What a browser on this machine is to open."""
        return self.addresses[0]

    @property
    def addresses(self) -> list[str]:
        """What browsers are to open, here and elsewhere; the token is in what no server is sent."""
        shown = "" if self._token is None else f"#token={self._token}"
        names = [name for name in self._names if name != "localhost"]
        return [f"http://{name}:{self.port}/{shown}" for name in names]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def run(self) -> None:
        """Serve until Ctrl-C, or until `stop`."""
        with contextlib.suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End `run`, from another thread."""
        self._server.should_exit = True


def _bound(host: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen()  # or another process could bind it, too
    except OSError as error:
        found.close()
        raise ConfigError(
            f"Port {port} of this machine cannot be used ({error.strerror}); choose another one "
            f"with --port, or leave it out to take any free one."
        ) from error
    return found


def _own_addresses() -> list[str]:
    """Under which other machines reach this one; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # never used by anybody: RFC 5737
        except OSError:
            return []
        found: str = probe.getsockname()[0]
    return [] if found == _LOOPBACK else [found]
