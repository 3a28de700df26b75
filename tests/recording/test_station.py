"""A take whose page's process is killed is saved, and whole, and the page comes back."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from lerecord.dataset.overview import episodes
from lerecord.dataset.verify import check

_ADDRESS = re.compile(r"http://(127\.0\.0\.1:\d+)/")
_LONG = 40  # frames: who ends a take within its first second is asked whether to keep it


def station_of(recorder: int) -> int:
    found = subprocess.run(
        ["pgrep", "-P", str(recorder), "-f", "_station"], capture_output=True, check=True
    )
    return int(found.stdout)


def told_by(host: str) -> Generator[tuple[ClientConnection, dict[str, Any], dict[str, Any] | None]]:
    """What a page is told, one bundle after the other, with the session's snapshot in it."""
    address = f"ws://{host}/api/live/test"
    with connect(address, origin=Origin(f"http://{host}"), compression=None) as socket:
        while True:
            told = json.loads(socket.recv(timeout=240))
            for _ in filter(None, (camera["fresh"] for camera in told["cameras"])):
                assert isinstance(socket.recv(timeout=240), bytes)
            yield socket, told, (told["moment"] or {}).get("snapshot")


def start_a_take(host: str) -> None:
    """Add a task on the page, press start until a take runs, and leave in the middle of it."""
    with closing(told_by(host)) as page:
        for socket, told, snapshot in page:
            if snapshot is not None and snapshot["rows"] > 5:
                return
            asked = {"painted": told["bundle"]}
            if snapshot is not None and len(snapshot["queue"]["tasks"]) == 1:
                asked |= {"edit": {"deed": "add", "task": "Push the cup", "number": 2}}
            elif snapshot is not None and snapshot["phase"] == "resetting":
                seen = {key: snapshot[key] for key in ("phase", "episode", "task")}
                asked |= {"command": "go", **seen}
            socket.send(json.dumps(asked))


def save_the_take(host: str) -> None:
    """Come back to the same address while the take goes on, and press save."""
    while True:
        try:
            with closing(told_by(host)) as page:
                for socket, told, snapshot in page:
                    asked = {"painted": told["bundle"]}
                    if snapshot is not None and snapshot["phase"] != "recording":
                        return
                    if snapshot is not None and snapshot["rows"] > _LONG:
                        seen = {key: snapshot[key] for key in ("phase", "episode", "task")}
                        asked |= {"command": "save", **seen}
                    socket.send(json.dumps(asked))
        except (OSError, WebSocketException):  # nobody is there yet
            time.sleep(0.05)


def test_a_page_that_dies_in_mid_take_comes_back_and_costs_nothing(tmp_path: Path) -> None:
    root = tmp_path / "box"
    tasks = tmp_path / "tasks.txt"
    tasks.write_text("1 Grab the box\n")
    arguments = ["--tasks", str(tasks), "--station", "--episodes", "1"]
    recorder = subprocess.Popen(
        [sys.executable, "-m", "lerecord", *arguments, "--dataset", str(root)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert recorder.stdout is not None
    with recorder.stdout as said:
        found = next(address for line in said if (address := _ADDRESS.search(line)))
        start_a_take(found[1])
        os.kill(station_of(recorder.pid), signal.SIGKILL)
        save_the_take(found[1])
        rest = said.read()
    assert "without its station" not in rest
    assert "1 of 1: Grab the box\n0 of 2: Push the cup\n" in rest
    assert recorder.wait(240) == 0
    assert [each.tasks for each in episodes(root)] == [("Grab the box",)]
    assert check(root, quick=True).sound
