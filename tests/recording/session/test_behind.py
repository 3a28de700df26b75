"""Pushes behind a session and at its end: real processes, a Hub of one's own."""

import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from lerecord.dataset.format import layout
from lerecord.hub import PushOptions
from lerecord.hub.session import SessionPush
from lerecord.recording.session import Behind
from tests.dataset.conftest import Lab
from tests.hub.conftest import REPO, environment, local_files, remote_files
from tests.hub.server import TOKEN, Fault, Hub, running

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running() as server:
        yield server


@dataclass
class Counted:
    """A recorder, as far as what runs behind it looks at it."""

    committed: int = 0


@dataclass
class Heard:
    """A listener that keeps what it is told."""

    ticks: int = 0
    notices: list[str] = field(default_factory=list)

    def tell(self, session: object, frame: object) -> None:
        pass

    def notice(self, sentence: str) -> None:
        self.notices.append(sentence)


@dataclass
class Loop:
    """The loop of a session, as far as what runs behind it knows."""

    behind: Behind
    recorder: Counted
    heard: Heard

    def run_until(self, condition: Callable[[], object], timeout_s: float = 40.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, self.heard.notices
            self.behind.tell(cast("Any", None), cast("Any", None))
            self.heard.ticks += 1
            time.sleep(0.01)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "sets" / "box")


@pytest.fixture
def loop(lab: Lab, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    for name, value in environment(hub).items():
        monkeypatch.setenv(name, value)
    heard, recorder = Heard(), Counted()
    command = SessionPush(PushOptions(REPO), every=2).behind(lab.root)
    with Behind(cast("Any", heard), cast("Any", recorder), command, 2) as behind:
        yield Loop(behind, recorder, heard)


def test_every_second_episode_starts_a_push(loop: Loop, lab: Lab, hub: Hub) -> None:
    with lab.open() as writer:
        lab.record(writer, rows=3)
        loop.recorder.committed = 1
        loop.run_until(lambda: loop.heard.ticks > 20)
        assert hub.requests == []
        lab.record(writer, rows=3)
        loop.recorder.committed = 2
        loop.run_until(lambda: REPO in hub.repos and hub.repos[REPO].tags)
        assert remote_files(hub, "v2.1") == local_files(lab.root)
        first = hub.repos[REPO].main
        lab.record(writer, rows=3)
        lab.record(writer, rows=3)
        loop.recorder.committed = 4
        loop.run_until(lambda: hub.repos[REPO].tags.get("v2.1", first) != first)
    assert remote_files(hub, "v2.1") == local_files(lab.root)
    assert loop.heard.notices == []


def test_a_push_that_fails_is_told_and_the_next_is_tried(loop: Loop, lab: Lab, hub: Hub) -> None:
    with lab.open() as writer:
        lab.record(writer, rows=3)
    hub.faults.append(Fault("POST .*/commit/", 403))
    loop.recorder.committed = 2
    loop.run_until(lambda: loop.heard.notices)
    assert "The token does not give write access to me/box (403)" in loop.heard.notices[0]
    loop.recorder.committed = 4
    loop.run_until(lambda: hub.repos[REPO].tags)
    assert len(loop.heard.notices) == 1


def test_a_process_that_dies_is_told_once(loop: Loop) -> None:
    child = loop.behind._child
    assert child is not None
    child._process.kill()
    loop.run_until(lambda: loop.heard.notices)
    ticks = loop.heard.ticks
    loop.run_until(lambda: loop.heard.ticks > ticks + 5)
    assert loop.heard.notices == ["The push process has ended and is not restarted."]


def test_the_end_of_the_session_ends_a_push_that_hangs(loop: Loop, lab: Lab, hub: Hub) -> None:
    with lab.open() as writer:
        lab.record(writer, rows=3)
    waits: list[int] = []

    def hang(number: int) -> None:
        waits.append(number)
        time.sleep(3)

    hub.before_upload = hang
    loop.recorder.committed = 2
    loop.run_until(lambda: waits)
    child = loop.behind._child
    assert child is not None
    loop.behind.close()
    assert child._process.returncode == 0  # by itself, not killed after a timeout


def session(hub: Hub, root: Path, *more: str, token: str = TOKEN) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [LERECORD, "--task", "Grab the paper box", "--dataset", str(root), "--push", *more],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(hub, token),
    )


def test_a_session_ends_with_a_push(hub: Hub, tmp_path: Path) -> None:
    root = tmp_path / "sets" / "box"
    more = ("--repo-id", REPO, "--push-every", "1", "--episodes", "2", "--episode-time", "1")
    out, errors = session(hub, root, *more).communicate(timeout=240)
    # A busy machine may still encode when the session ends; it says so, and nothing else.
    assert all(line.endswith("nothing will be lost.") for line in errors.splitlines())
    assert f"{hub.url}/datasets/me/box has the 2 episodes of {root} as v2.1" in out
    assert remote_files(hub, "v2.1") == local_files(root)
    assert max(hub.uploads.values()) == 1


def test_an_interrupted_session_is_not_pushed(hub: Hub, tmp_path: Path) -> None:
    root = tmp_path / "sets" / "box"
    more = ("--repo-id", REPO, "--episodes", "2", "--episode-time", "1")
    recording = session(hub, root, *more)
    assert recording.stdout is not None
    while "episode 1: recording" not in recording.stdout.readline():
        assert recording.poll() is None
    recording.send_signal(signal.SIGINT)
    recording.communicate(timeout=240)
    assert recording.returncode == 128 + signal.SIGINT
    assert (root / layout.data_file(0)).exists()
    assert hub.requests == []


def test_a_session_does_not_begin_when_nobody_said_where_to_push(hub: Hub, tmp_path: Path) -> None:
    recording = session(hub, tmp_path / "box")
    _, errors = recording.communicate(timeout=240)
    assert recording.returncode == 2
    assert "give --repo-id USER/NAME once" in errors
    assert not (tmp_path / "box").exists()


@pytest.mark.parametrize("command", [("--task", "Grab the paper box"), ("rerecord", "0")])
def test_a_session_does_not_begin_when_nobody_has_logged_in(
    command: tuple[str, ...], hub: Hub, tmp_path: Path
) -> None:
    lab = Lab(tmp_path / "box")
    with lab.open() as writer:
        lab.record(writer)
    more = ("--hardware", "sim", "--dataset", str(lab.root), "--push", "--repo-id", REPO)
    done = subprocess.run(
        [LERECORD, *command, *more],
        capture_output=True,
        text=True,
        env=environment(hub, token=None),
        check=False,
    )
    assert done.returncode == 2
    assert "There is no token for the Hub; log in with `hf auth login`" in done.stderr
    assert hub.requests == []
