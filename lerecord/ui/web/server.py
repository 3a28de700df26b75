"""A page on a port of this machine."""

import contextlib
import socket
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from lerecord.errors import ConfigError
from lerecord.ui.web.gate import Gate

_LOOPBACK = "127.0.0.1"
_MOST_AT_ONCE = 64
_MOST_HEADER_BYTES = 16 << 10
_MOST_MESSAGE_BYTES = 64 << 10
_FAREWELL_S = 1


class WebServer:
    """Serves an application to this machine; a context manager.

    Args:
        app: the page's own; a gate is put before it.
        port: 0 takes any free one.

    Raises:
        ConfigError: the port is taken.
    """

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        hosts = [f"{name}:{self.port}" for name in (_LOOPBACK, "localhost")]
        config = uvicorn.Config(
            Gate(app, hosts),
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
        """What a browser is to open."""
        return f"http://{_LOOPBACK}:{self.port}/"

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


def _bound(port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((_LOOPBACK, port))
        found.listen()  # or another process could bind it, too
    except OSError as error:
        found.close()
        raise ConfigError(
            f"Port {port} of this machine cannot be used ({error.strerror}); choose another one "
            f"with --port, or leave it out to take any free one."
        ) from error
    return found
