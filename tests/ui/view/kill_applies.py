"""Kills the page's server while it applies marks, each time before another effect on the disk.

`python -m tests.ui.view.kill_applies TEMPLATE FOLDER MARKS [EACH]`: the marks, as JSON, are applied
to copies of a dataset below FOLDER, `whole` without a kill and then one a chosen step. Prints every
step as a JSON list, and then those that copies were killed before. With EACH, all are chosen.
"""

import http.client
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from lerecord.dataset.edit import Watch, operations
from lerecord.ui.episodes import Shelf
from lerecord.ui.view import view_app
from lerecord.ui.web import WebServer

_NEVER = -1


def serve(root: Path, last: int, tell: int) -> None:
    """Serve the page, tell its port and every step, and be killed before step `last`."""
    count = 0

    def probe(step: str) -> None:
        nonlocal count
        os.write(tell, f"{step}\n".encode())
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    (unwatched,) = operations.undo.__defaults__ or ()
    assert isinstance(unwatched, Watch)
    object.__setattr__(unwatched, "probe", probe)
    with WebServer(lambda _: view_app(Shelf(root))) as server:
        os.write(tell, f"{server.port}\n".encode())
        server.run()


def applied(template: Path, root: Path, marks: Any, last: int = _NEVER) -> list[str]:
    """The steps of a server that was asked to apply marks to a copy."""
    shutil.copytree(template, root)
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        serve(root, last, writing)
        os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as told:
        connection = http.client.HTTPConnection("127.0.0.1", int(told.readline()), timeout=240)
        status = _asked(connection, marks)
        assert status == (200 if last == _NEVER else None), status
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return told.read().splitlines()


def _asked(connection: http.client.HTTPConnection, marks: Any) -> int | None:
    """Apply the marks; the status of the answer, None when the server died of it."""
    connection.request("GET", "/api/version")
    version = json.load(connection.getresponse())["version"]
    origin = f"http://127.0.0.1:{connection.port}"
    headers = {"Content-Type": "application/json", "Origin": origin}
    body = json.dumps({"version": version, "marks": marks})
    try:
        connection.request("POST", "/api/apply", body, headers)
        return connection.getresponse().status
    except ConnectionError:
        return None


def _chosen(steps: list[str]) -> list[int]:
    """Shortly before each change is marked, and shortly after."""
    marked = [number for number, step in enumerate(steps) if step == "mark"]
    away = ((0, 3), (-4, 1), (0, 1), (-1, 6))
    return [number + step for number, pair in zip(marked, away, strict=True) for step in pair]


def main() -> None:
    """Apply the marks again and again."""
    template, folder, marks = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    steps = applied(template, folder / "whole", marks)
    numbers = [*range(len(steps))] if len(sys.argv) > 4 else _chosen(steps)
    for number in numbers:
        found = applied(template, folder / str(number), marks, number)
        assert found == steps[: number + 1], (number, found)
    print(json.dumps(steps))
    print(json.dumps(numbers))


if __name__ == "__main__":
    main()
