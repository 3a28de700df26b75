"""The socket of a session's page: what it gets, how fast, and what it may ask."""

import json
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from lerecord.recording.session import Deed, QueueEdit
from lerecord.ui.station import Asked, Moment
from tests.ui.station.moments import QUEUE, TAKE, snapshot
from tests.ui.station.served import Served


def next_bundle(socket: ClientConnection) -> tuple[dict[str, Any], list[bytes]]:
    told = json.loads(socket.recv(timeout=240))
    fresh = [camera for camera in told["cameras"] if camera["fresh"]]
    images = [socket.recv(timeout=240) for _ in fresh]
    assert all(isinstance(each, bytes) for each in images)
    return told, [each for each in images if isinstance(each, bytes)]


def painted(socket: ClientConnection, told: dict[str, Any], **more: Any) -> None:
    socket.send(json.dumps({"painted": told["bundle"], **more}))


def test_a_page_gets_the_newest_moment_and_the_newest_image(served: Served) -> None:
    served.board.put(Moment(snapshot(saved=1), (TAKE,)))
    served.board.put(Moment(snapshot(saved=2), (TAKE,)))
    served.image(b"old")
    served.image(b"new")
    with served.page() as socket:
        told, images = next_bundle(socket)
        moment = told["moment"]
        assert moment["snapshot"]["saved"] == 2
        assert moment["snapshot"]["joints"][0]["leader"] is None  # NaN is not JSON
        assert moment["takes"][0]["remarks"] == [*TAKE.remarks]
        assert moment["actions"][0] == {"key": "Enter", "words": "start", "command": "go"}
        assert (told["cameras"][0]["rotation"], images) == (90, [b"new"])


def test_nothing_more_is_sent_until_the_page_has_painted(served: Served) -> None:
    served.board.put(Moment(snapshot(saved=1), ()))
    with served.page() as socket:
        first, _ = next_bundle(socket)
        for saved in range(2, 40):
            served.board.put(Moment(snapshot(saved=saved), ()))
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.3)
        painted(socket, first)
        second, _ = next_bundle(socket)
        assert (second["bundle"], second["moment"]["snapshot"]["saved"]) == (1, 39)


def test_one_page_asks_and_the_other_watches_until_it_takes_over(served: Served) -> None:
    served.board.put(Moment(snapshot(), ()))
    go = {"command": "go", "phase": "resetting", "episode": 3}
    with served.page("one") as one, served.page("two") as two:
        told, _ = next_bundle(one)
        watched, _ = next_bundle(two)
        assert (told["control"]["mine"], watched["control"]["mine"]) == (True, False)
        painted(two, watched, **go)
        watched, _ = next_bundle(two)
        assert served.asked == []
        painted(two, watched, take=True)
        watched, _ = next_bundle(two)
        painted(two, watched, **go)
        next_bundle(two)
        painted(one, told, **go)
        told, _ = next_bundle(one)
        assert told["control"] == {"mine": False, "held": True, "pages": 2}
    assert served.asked == [Asked("go", "resetting", 3)]


def test_only_the_page_that_controls_changes_the_queue(served: Served) -> None:
    served.board.put(Moment(snapshot(queue=QUEUE), ()))
    add = {"deed": "add", "task": "Turn", "number": 3}
    with served.page("one") as one, served.page("two") as two:
        told, _ = next_bundle(one)
        assert told["moment"]["snapshot"]["queue"]["tasks"][0] == ["Grab the paper box", 20, 12]
        watched, _ = next_bundle(two)
        painted(two, watched, edit=add)
        next_bundle(two)
        assert served.asked == []
        painted(one, told, edit=add)
        next_bundle(one)
    assert served.asked == [QueueEdit(Deed.ADD, "Turn", number=3)]


NONSENSE = ["words", "[]", '{"painted": "1"}', '{"command": 3}', '{"eval": 1}', "{" * 5000]
NONSENSE += ['{"edit": 1}', '{"edit": {}}', '{"edit": {"deed": "rm"}}']
NONSENSE += ['{"edit": {"deed": "add", "task": 3}}', '{"edit": {"deed": "add", "more": 3}}']
NONSENSE += [
    '{"edit": {"deed": "count", "number": 1e9}}',
    '{"edit": {"deed": "count", "number": 1.5}}',
]
NONSENSE += [json.dumps({"edit": {"deed": "add", "task": "x" * 501}})]


@pytest.mark.parametrize("said", NONSENSE)
def test_a_page_that_talks_nonsense_is_shut_out_and_others_go_on(served: Served, said: str) -> None:
    served.board.put(Moment(snapshot(), ()))
    with served.page("good") as good, served.page("bad") as bad:
        told, _ = next_bundle(good)
        next_bundle(bad)
        bad.send(said)
        with pytest.raises(ConnectionClosed):
            bad.recv(timeout=240)
        painted(good, told)
        next_bundle(good)
    assert served.asked == []


@pytest.mark.parametrize(
    "given",
    [
        {"origin": "http://evil.example"},
        {"origin": None},
        {"origin": "null"},
        {"additional_headers": {"Sec-Fetch-Site": "cross-site"}},
    ],
)
def test_a_page_of_elsewhere_gets_no_socket(served: Served, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidStatus, match="403"), served.page(**given):
        pass
