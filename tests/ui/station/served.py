"""A page's server with one camera, as the process of a session's page has it."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from lerecord.processes import ImageMailbox, MailboxWriter
from lerecord.recording.session import QueueEdit
from lerecord.ui.snapshot import PreviewedCamera
from lerecord.ui.station import Asked, Board, station_app
from lerecord.ui.web import WebServer


class Served:
    """The server, and what was asked through it."""

    def __init__(self, server: WebServer, board: Board, writer: MailboxWriter) -> None:
        self.server, self.board, self.writer = server, board, writer
        self.asked: list[Asked | QueueEdit] = []
        self._number = 0

    def image(self, data: bytes) -> None:
        self._number += 1
        self.writer.put(data, float(self._number), self._number)

    @contextmanager
    def page(self, name: str = "one", **given: Any) -> Iterator[ClientConnection]:
        host = f"127.0.0.1:{self.server.port}"
        given = {"origin": f"http://{host}", **given}
        with connect(f"ws://{host}/api/live/{name}", compression=None, **given) as socket:
            yield socket


@contextmanager
def serving(token: str | None = None) -> Iterator[Served]:
    with closing(ImageMailbox(10_000)) as mailbox:
        board = Board([PreviewedCamera("front", 90, mailbox.fileno())])
        found: list[Served] = []

        def ask(asked: Asked | QueueEdit) -> None:
            found[0].asked.append(asked)

        with WebServer(
            lambda shown: station_app(board, ask, shown, lambda: server.addresses[-1]),
            token=token,
        ) as server:
            found.append(Served(server, board, MailboxWriter(mailbox.fileno())))
            thread = threading.Thread(target=server.run)
            thread.start()
            yield found[0]
            server.stop()
            thread.join(30)
            assert not thread.is_alive()
