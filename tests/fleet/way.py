"""A way to a server on this machine on which something can go wrong."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

REFUSAL = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_CHUNK = 1 << 14


@dataclass
class Way:
    """Passes connections on.

    Attributes:
        port: here.
        to: the port of the server.
        drops: requests that begin so are cut off in mid-way, once for each entry.
        refuses: requests that begin so are answered by 403.
        pause_s: before each piece of an answer.
        dropped: what was cut off.
    """

    port: int
    to: int
    drops: list[bytes] = field(default_factory=list)
    refuses: list[bytes] = field(default_factory=list)
    pause_s: float = 0.0
    dropped: list[bytes] = field(default_factory=list)

    def pass_on(self, client: socket.socket) -> None:
        """Serve one connection to its end."""
        with client, socket.create_connection(("127.0.0.1", self.to)) as server:
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()
            with suppress(OSError):
                while data := client.recv(_CHUNK):
                    if any(data.startswith(each) for each in self.refuses):
                        head = f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(REFUSAL)}\r\n"
                        client.sendall(f"{head}Connection: close\r\n\r\n".encode() + REFUSAL)
                        return
                    if found := [each for each in self.drops if data.startswith(each)]:
                        self.drops.remove(found[0])
                        self.dropped.append(found[0])
                        server.sendall(data[: len(data) // 2])
                        return
                    server.sendall(data)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(_CHUNK):
                time.sleep(self.pause_s)
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def way_to(port: int) -> Iterator[Way]:
    """A way to the server at a port, for as long as the block lasts."""
    listener = socket.create_server(("127.0.0.1", 0))
    way = Way(listener.getsockname()[1], port)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=way.pass_on, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield way
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
