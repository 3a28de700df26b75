"""What a page asks is done if it still makes sense, and otherwise nothing happens."""

from typing import Any

import pytest

from lerecord.processes import Message
from lerecord.recording.session import Command, Deed, Phase, QueueEdit
from lerecord.ui.snapshot import Snapshot
from lerecord.ui.station import Board, Lease, Moment, Pages, actions
from tests.ui.station.moments import QUEUE, snapshot


class Said:
    """A page's process that has said some things."""

    def __init__(self, shown: Snapshot | None = None) -> None:
        self.shown = shown
        self.said: list[Message] = []

    def heard(self) -> list[Message]:
        said, self.said = self.said, []
        return said


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def asked(command: str, phase: str = "resetting", episode: int | None = 3) -> Message:
    seen = {"phase": phase, "episode": episode, "task": ""}
    return {"event": "asked", "command": command, **seen}


def pages(shown: Snapshot, now: Clock | None = None) -> tuple[Pages, Said]:
    process = Said(shown)
    operator = Pages(process, Clock() if now is None else now)
    operator.enter(shown.phase)
    return operator, process


def test_a_button_is_a_command() -> None:
    operator, process = pages(snapshot())
    process.said = [asked("go")]
    assert (operator.poll(), operator.poll()) == (Command.GO, None)


@pytest.mark.parametrize(
    "message",
    [
        asked("go", phase="recording"),
        asked("go", episode=2),
        asked("go", episode=None),
        asked("stop"),
        asked("save"),
        asked("discard"),
        asked("take over"),
        asked("GO"),
        asked("rm -rf"),
        {"event": "asked"},
        {"event": "asked", "command": 7, "phase": [], "episode": {}},
        {"event": "else"},
        {},
        "words",
        None,
    ],
)
def test_what_is_late_or_makes_no_sense_is_forgotten(message: Any) -> None:
    operator, process = pages(snapshot())
    process.said = [message]
    assert operator.poll() is None
    process.said = [asked("pause")]
    assert operator.poll() is Command.PAUSE


def test_a_press_for_the_phase_that_is_over_does_nothing_in_the_next() -> None:
    operator, process = pages(snapshot())
    process.said = [asked("go"), asked("go")]
    assert operator.poll() is Command.GO
    operator.enter(Phase.RECORDING)
    assert operator.poll() is None
    process.said = [asked("go")]  # before the page can have seen the take
    assert operator.poll() is None


def test_a_take_that_is_ended_at_once_is_asked_about() -> None:
    now = Clock()
    operator, process = pages(snapshot(phase=Phase.RECORDING), now)
    process.said = [asked("go", "recording")]
    now.at += 0.5
    assert operator.poll() is Command.CONFIRM
    process.said = [asked("go", "recording")]
    now.at += 1
    assert operator.poll() is Command.GO


def test_nothing_is_asked_before_anything_is_shown() -> None:
    operator, process = pages(snapshot())
    process.shown = None
    process.said = [asked("go")]
    assert operator.poll() is None


@pytest.mark.parametrize("phase", Phase)
def test_every_key_that_the_terminal_names_has_its_button(phase: Phase) -> None:
    from lerecord.ui.terminal import hints

    found = actions(snapshot(phase=phase, rollout=True))
    keys = "/".join(key for key, _ in hints(phase, True, True))
    assert "/".join(each.key for each in found) == keys
    assert Command.STOP not in {each.command for each in found}


def test_two_keys_that_the_terminal_names_at_once_are_two_buttons() -> None:
    found = {each.key: each for each in actions(snapshot(phase=Phase.RECORDING))}
    assert (found["s"].words, found["s"].command) == ("success", Command.SUCCEED)
    assert (found["f"].words, found["f"].command) == ("failure", Command.FAIL)
    asked = {each.key: each.command for each in actions(snapshot(phase=Phase.ASKING))}
    assert asked["s"] is Command.SAVE


def test_arms_that_have_drifted_can_be_accepted() -> None:
    drifted = snapshot(trouble="The wrist is off by 9. To record all the same, press a.")
    assert actions(drifted)[-1].command is Command.ACCEPT


def test_a_press_for_another_task_than_the_next_does_nothing() -> None:
    operator, process = pages(snapshot(queue=QUEUE))
    process.said = [{**asked("go"), "task": "Push the cup"}, {**asked("go"), "task": ""}]
    assert operator.poll() is None
    process.said = [{**asked("go"), "task": "Grab the paper box"}]
    assert operator.poll() is Command.GO


def edited(deed: Any = "add", task: Any = "Turn", text: Any = "", number: Any = 3) -> Message:
    return {"event": "edited", "deed": deed, "task": task, "text": text, "number": number}


def test_a_change_of_the_queue_is_passed_on_in_every_phase() -> None:
    operator, process = pages(snapshot(queue=QUEUE))
    process.said = [edited(), edited("remove"), asked("go")]
    assert operator.poll() == QueueEdit(Deed.ADD, "Turn", number=3)
    operator.enter(Phase.RECORDING)  # forgets what was pressed, and no change
    assert operator.poll() == QueueEdit(Deed.REMOVE, "Turn", number=3)
    assert operator.poll() is None


@pytest.mark.parametrize(
    "message",
    [
        edited("rm"),
        edited(7),
        edited(task=[]),
        edited(text=None),
        edited(number="3"),
        {**edited(), "task": {}},
    ],
)
def test_a_change_of_another_form_is_forgotten(message: Message) -> None:
    operator, process = pages(snapshot(queue=QUEUE))
    process.said = [message]
    assert operator.poll() is None


def test_there_is_nothing_to_change_without_a_queue_and_only_so_much_waits() -> None:
    operator, process = pages(snapshot())
    process.said = [edited()]
    assert operator.poll() is None
    operator, process = pages(snapshot(queue=QUEUE))
    process.said = [edited()] * 1000
    assert sum(operator.poll() is not None for _ in range(1000)) == 64


def test_a_queue_has_its_buttons_between_takes() -> None:
    commands = [each.command for each in actions(snapshot(queue=QUEUE))]
    assert commands[:3] == [Command.GO, Command.NEXT_TASK, Command.TASK_BEFORE]
    recording = actions(snapshot(queue=QUEUE, phase=Phase.RECORDING))
    assert Command.NEXT_TASK not in {each.command for each in recording}


def test_a_cue_is_told_by_its_number_until_the_next_one() -> None:
    board = Board([])
    told = []
    for shown in (
        snapshot(),
        snapshot(phase=Phase.RECORDING),
        snapshot(phase=Phase.RECORDING, elapsed_s=2.0),
        snapshot(saves=4),
        snapshot(saves=4, trouble="The cable."),
    ):
        board.put(Moment(shown, ()))
        data = board.newest[1]
        assert data is not None
        told.append((data["cue"]["number"], data["cue"]["name"]))
    assert told == [(0, ""), (1, "start"), (1, "start"), (2, "saved"), (3, "trouble")]


def test_one_page_controls_and_a_reloaded_one_still_does() -> None:
    now = Clock()
    lease = Lease(now)
    lease.arrive("one")
    lease.arrive("other")
    assert (lease.holds("one"), lease.holds("other")) == (True, False)
    lease.leave("one")
    lease.arrive("other")
    assert not lease.holds("other")
    lease.arrive("one")
    assert lease.holds("one")
    lease.take("other")
    assert (lease.holds("one"), lease.holds("other")) == (False, True)
    lease.leave("one")  # that had it no more
    assert lease.is_held
    lease.leave("other")
    now.at += 6
    assert not lease.is_held
    lease.arrive("third")
    assert lease.holds("third")
