"""The process that serves the page: it may stop, die or hang without hurting anything."""

import os
import sys
import threading
from collections.abc import Sequence

from lerecord.errors import LerecordError
from lerecord.processes import PAGE_TOKEN, newest, say, tell
from lerecord.recording.session import QueueEdit
from lerecord.ui.station.app import station_app
from lerecord.ui.station.board import Board
from lerecord.ui.station.messages import ASKED, MOMENTS, Asked, Start
from lerecord.ui.web import WebServer


def main(arguments: Sequence[str]) -> None:
    """Serve the newest of the moments that come in on stdin, until it ends.

    The first argument is where, as JSON; each further one is a camera whose images are shown. The
    token for others than this machine is in the environment. stdout speaks to the parent.
    """
    start = Start.from_arguments(arguments)
    board = Board(start.cameras)

    def ask(asked: Asked | QueueEdit) -> None:
        tell(ASKED.write(asked))

    try:
        server = WebServer(
            lambda shown: station_app(board, ask, shown, lambda: server.addresses[-1]),
            start.settings.port,
            os.environ[PAGE_TOKEN] if start.settings.lan else None,
        )
    except LerecordError as error:
        say("error", message=str(error))
        return
    with server:
        serving = threading.Thread(target=server.run)
        serving.start()
        say("up", addresses=server.addresses)
        for message in newest():
            board.put(MOMENTS.read(message))
        server.stop()
        serving.join()
    sys.stdout.flush()
