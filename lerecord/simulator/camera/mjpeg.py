"""A camera over HTTP: multipart/x-mixed-replace, one JPEG a part, always the latest image."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from lerecord.priority import Realtime, ask_for_realtime

_BOUNDARY = b"picture"
_RESPONSE = (
    b"HTTP/1.0 200 OK\r\nCache-Control: no-store\r\nConnection: close\r\n"
    b"Content-Type: multipart/x-mixed-replace; boundary=" + _BOUNDARY + b"\r\n\r\n"
)
_NOT_FOUND = b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
# A client that does not keep up skips images instead of lagging behind, so the buffer is small. But
# it holds a whole image: with less, each waits for an acknowledgement, which Linux delays by 40 ms.
_SEND_BUFFER = 32768
_REQUEST_TIMEOUT_S = 2.0
_SEND_TIMEOUT_S = 10.0
_LONGEST_REQUEST = 8192


class Stream:
    """Takes images at a camera's own rate while somebody watches, and only then.

    Args:
        fps: images a second, on an absolute grid.
        take: makes image number n, as JPEG bytes; None when the camera gives none.
    """

    def __init__(self, fps: float, take: Callable[[int], bytes | None]) -> None:
        self._period_s = 1.0 / fps
        self._take = take
        self._changed = threading.Condition()
        self._picture: tuple[int, bytes] | None = None
        self._watchers = 0
        self._closed = False

    def run(self) -> None:
        """Take images until close()."""
        number, due = 0, 0.0
        while self._wait_for_watchers():
            now = time.monotonic()
            if now - due > self._period_s:  # nobody watched, or the machine stood still
                due = now
            elif due > now:
                time.sleep(due - now)
            picture = self._take(number)
            if picture is not None:
                with self._changed:
                    self._picture = (number, picture)
                    self._changed.notify_all()
                number += 1
            due += self._period_s

    def watch(self, show: Callable[[bytes], None]) -> None:
        """Give each new image to `show`, the latest only, until close() or until it raises."""
        with self._changed:
            self._watchers += 1
            self._changed.notify_all()
            shown = -1 if self._picture is None else self._picture[0]
        try:
            while (picture := self._newer_than(shown)) is not None:
                shown = picture[0]
                show(picture[1])
        finally:
            with self._changed:
                self._watchers -= 1

    def close(self) -> None:
        """End run() and watch()."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _newer_than(self, number: int) -> tuple[int, bytes] | None:
        with self._changed:
            while not self._closed:
                if self._picture is not None and self._picture[0] > number:
                    return self._picture
                self._changed.wait()
            return None

    def _wait_for_watchers(self) -> bool:
        """False when the stream is closed."""
        with self._changed:
            while self._watchers == 0 and not self._closed:
                self._changed.wait()
            return not self._closed


class MjpegServer:
    """Serves a stream under /name on 127.0.0.1, on a port that the system picks."""

    def __init__(self, name: str, stream: Stream) -> None:
        self._name = name
        self._stream = stream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._place = self._listener.getsockname()
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._place[1]}/{name}"

    def __enter__(self) -> "MjpegServer":
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self._stream.close()

    def hang_up(self) -> None:
        """Drop every connection and refuse new ones."""
        with contextlib.suppress(OSError):  # it is closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        with self._lock:
            for client in self._clients:
                with contextlib.suppress(OSError):  # the client was faster
                    client.shutdown(socket.SHUT_RDWR)

    def answer_again(self) -> None:
        """Take connections again, at the same place."""
        self._listener = socket.create_server(self._place)
        self._listen()

    def _listen(self) -> None:
        self._thread = threading.Thread(
            target=self._accept, args=(self._listener,), name="camera server", daemon=True
        )
        self._thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed
            with self._lock:
                self._clients.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        ask_for_realtime(Realtime.SIMULATED_CAMERA)  # a thread does not inherit it
        try:
            self._show(client)
        finally:
            with self._lock:
                self._clients.discard(client)

    def _show(self, client: socket.socket) -> None:
        with client:
            try:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
                client.settimeout(_REQUEST_TIMEOUT_S)
                if _requested(client) != self._name:
                    client.sendall(_NOT_FOUND)
                    return
                client.settimeout(_SEND_TIMEOUT_S)
                client.sendall(_RESPONSE)
                self._stream.watch(lambda picture: _send(client, _part(picture)))
            except OSError:
                return  # the client is gone


def _requested(client: socket.socket) -> str:
    """Name in the request's path; empty when there is no request to understand."""
    request = b""
    while b"\r\n\r\n" not in request and len(request) < _LONGEST_REQUEST:
        received = client.recv(_LONGEST_REQUEST)
        if not received:
            break
        request += received
    words = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    return words[1].partition("?")[0].strip("/") if len(words) == 3 and words[0] == "GET" else ""


def _send(client: socket.socket, part: bytes) -> None:
    if len(part) > client.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 2:  # Linux doubles it
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, len(part))
    client.sendall(part)


def _part(jpeg: bytes) -> bytes:
    head = b"--%b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
    return head % (_BOUNDARY, len(jpeg)) + jpeg + b"\r\n"
