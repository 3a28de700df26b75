from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lerecord.cli.outcome import Outcome
from lerecord.dataset.format import Reason, Verdict
from lerecord.recording.recorder import Saved
from lerecord.recording.recorder.shared_devices import shared_devices
from lerecord.recording.session import Remarking

ANY = cast("Any", None)


def saved(episode: int, *remarks: str) -> Saved:
    return Saved(episode, False, "Grab it", 60, 2.0, 0, 0, remarks, 0.1)


class Heard:
    def __init__(self) -> None:
        self.notices: list[str] = []
        self.ticks = 0

    def tell(self, session: object, frame: object) -> None:
        self.ticks += 1

    def notice(self, sentence: str) -> None:
        self.notices.append(sentence)


def test_what_became_of_a_take_is_told_once_when_it_is_committed() -> None:
    heard, episodes = Heard(), list[Saved]()
    listener = Remarking(
        heard, cast("Any", SimpleNamespace(root=Path("box"), episodes_saved=episodes))
    )
    listener.tell(ANY, ANY)
    episodes.append(saved(0))
    listener.tell(ANY, ANY)
    episodes += [saved(1, "One.", "Two."), saved(2, "Three.")]
    for _ in range(3):
        listener.tell(ANY, ANY)
    assert heard.notices == [
        "Episode 0 is saved: 60 frames, 2.0 s, none missed.",
        "Episode 1 is saved: 60 frames, 2.0 s, none missed. One. Two.",
        "Episode 2 is saved: 60 frames, 2.0 s, none missed. Three.",
    ]


def test_slots_that_were_missed_and_images_that_were_repeated_are_told_of_any_take() -> None:
    heard = Heard()
    flawed = replace(saved(3), missed=2, repeated=5)
    Remarking(heard, cast("Any", SimpleNamespace(root=Path("box"), episodes_saved=[flawed]))).tell(
        ANY, ANY
    )
    assert heard.notices == ["Episode 3 is saved: 60 frames, 2.0 s, 2 missed, 5 images repeated."]


def test_a_review_is_told_instead_of_remarks_with_what_would_mend_it() -> None:
    heard = Heard()
    reasons = (
        Reason("black", Verdict.REDO, "It is black."),
        Reason("idle_tail", Verdict.LOOK, "It ends idle.", "--end 5.0"),
    )
    reviewed = [replace(saved(0, "One."), review=()), replace(saved(1), review=reasons)]
    Remarking(heard, cast("Any", SimpleNamespace(root=Path("box"), episodes_saved=reviewed))).tell(
        ANY, ANY
    )
    assert heard.notices == [
        "Episode 0 is saved: 60 frames, 2.0 s, none missed.",
        "Episode 1 is saved: 60 frames, 2.0 s, none missed. REDO: It is black. It ends idle. "
        "`lerecord edit trim box 1 --end 5.0` cuts it off.",
    ]


def test_the_outcome_says_it_below_the_episode() -> None:
    outcome = Outcome("d", (saved(0), saved(1, "One.")), (), 0, ())
    assert list(outcome.lines())[:3] == [
        "episode 0: 60 frames, 2.0 s, Grab it",
        "episode 1: 60 frames, 2.0 s, Grab it",
        "  One.",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/dev/video0", "/dev/video0"),
        ("/dev/video0", "0"),
        ("http://me:hunter2@cam/v", "http://me:hunter2@cam/v"),
    ],
)
def test_a_device_under_two_names_is_said_and_no_password_with_it(one: str, other: str) -> None:
    (sentence,) = shared_devices({"front": one, "top": "/dev/video9", "wrist": other})
    assert sentence.startswith("Cameras front and wrist use the same device, ")
    assert "hunter2" not in sentence


def test_a_link_to_a_device_is_that_device(tmp_path: Path) -> None:
    (tmp_path / "video").touch()
    (tmp_path / "by-id").symlink_to("video")
    devices = {"front": str(tmp_path / "video"), "wrist": str(tmp_path / "by-id")}
    assert len(shared_devices(devices)) == 1
    assert shared_devices({"front": "/dev/video0", "wrist": "/dev/video1"}) == []
