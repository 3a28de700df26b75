"""The process of a session's page, seen from the control process."""

import json
import os
import signal
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection

import pytest

pytest.importorskip("segno", reason="the extra `web` is not installed")

from lerecord.errors import LerecordError
from lerecord.recording.recorder import Saved
from lerecord.ui.station import StationProcess, StationSettings
from tests.ui.station.moments import snapshot


class Commits:
    episodes_saved: Sequence[Saved] = ()


def code_of(port: int, token: str = "") -> tuple[int, str | None, bytes]:
    """What a browser gets for the code of the page, once it has shown the token, if it has one."""
    own = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
    with closing(HTTPConnection("127.0.0.1", port, timeout=240)) as asked:
        if token:
            asked.request("POST", "/api/session", json.dumps({"token": token}), own)
            told = asked.getresponse()
            told.read()
            own["Cookie"] = str(told.getheader("Set-Cookie")).partition(";")[0]
        asked.request("GET", "/api/code", headers=own)
        answer = asked.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()[:5]


def test_with_a_token_other_machines_get_in_and_a_port_that_is_taken_is_one_sentence() -> None:
    with StationProcess(StationSettings(lan=True), [], Commits()) as process:
        first = process.wait_until_up()[0]
        assert first.startswith("http://127.0.0.1:")
        assert len(first.partition("#token=")[2]) > 20
        process.show(snapshot())
        assert process.heard() == []
        port = int(first.split(":")[2].split("/")[0])
        assert code_of(port)[0] == 401
        assert code_of(port, first.partition("#token=")[2]) == (200, "image/svg+xml", b"<svg ")
        with (
            StationProcess(StationSettings(port), [], Commits()) as other,
            pytest.raises(LerecordError, match="--port"),
        ):
            other.wait_until_up()


def test_a_process_that_dies_is_followed_by_one_at_the_same_address_but_not_for_ever() -> None:
    now = iter(range(0, 10_000, 2))
    with StationProcess(
        StationSettings(lan=True), [], Commits(), lambda: float(next(now))
    ) as process:
        addresses = process.wait_until_up()
        for _ in range(3):
            kill(process)
            process.show(snapshot())
            assert process.wait_until_up() == addresses
        kill(process)
        with pytest.raises(LerecordError, match="its process has died"):
            process.show(snapshot())


def test_a_process_that_dies_at_once_is_given_a_second_before_the_next() -> None:
    with StationProcess(StationSettings(), [], Commits(), lambda: 5.0) as process:
        process.wait_until_up()
        kill(process)
        process.show(snapshot())
        process.wait_until_up()
        kill(process)
        process.show(snapshot())
        with pytest.raises(LerecordError, match="ended unexpectedly"):
            process.wait_until_up()


def kill(process: StationProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
