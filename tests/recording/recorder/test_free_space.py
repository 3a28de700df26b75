import threading
from pathlib import Path

from lerecord.recording.recorder import free_bytes
from lerecord.recording.recorder.free_space import FreeSpace


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_folder_that_is_not_there_yet_is_asked_of_its_parent(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "a" / "b") > 0


def test_too_little_room_is_an_obstacle(tmp_path: Path) -> None:
    space = FreeSpace(tmp_path, ask=lambda _: 3_000_000_000)
    assert space.bytes == 3_000_000_000
    assert space.obstacle(2.0) is None
    assert "3.0 GB left, and the config asks for 5 GB" in (space.obstacle(5.0) or "")
    space.close()


def test_a_disk_that_does_not_answer_keeps_nobody_waiting_and_is_said(tmp_path: Path) -> None:
    clock, answers, asked, gone = Clock(), [9_000_000_000], threading.Event(), threading.Event()

    def ask(_: Path) -> int:
        if answers:
            return answers.pop()
        asked.set()
        gone.wait()
        return 0

    space = FreeSpace(tmp_path, ask, clock)
    assert asked.wait(10)
    assert space.obstacle(1.0) is None
    clock.seconds += 11
    assert "has not answered for 11 s" in (space.obstacle(1.0) or "")
    space.close()
    gone.set()
