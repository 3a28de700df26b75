import json
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from lerecord.processes import ImageMailbox, MailboxWriter
from lerecord.recording.recorder import CameraView
from lerecord.recording.session import Order, Phase, PolicyHealth, TaskCount
from lerecord.ui.snapshot import MESSAGES, JointView, PreviewedCamera, QueueView, Snapshot
from lerecord.ui.terminal import ScreenProcess
from lerecord.ui.terminal.keys import hints
from lerecord.ui.terminal.screen import draw
from tests.ui.example import EXAMPLE

ARM = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")
TWO_PAIRS = replace(
    EXAMPLE,
    cameras=tuple(
        CameraView(name, 30.0, 0.02, 0) for name in ("left_wrist", "right_wrist", "front", "top")
    ),
    joints=tuple(
        JointView(f"{side}_{joint}", -34.0 + 9 * place, -30.0 + 9 * place, -100.0, 100.0)
        for side in ("left", "right")
        for place, joint in enumerate(ARM)
    ),
)
NOTICE = "The left leader is silent: /dev/ttyUSB0 gives no answer from servo 3; check its cable."


def lines_of(screen: RenderableType, width: int) -> list[str]:
    lines = Console(width=width).render_lines(screen)
    return ["".join(segment.text for segment in line) for line in lines]


def test_no_joint_is_at_minus_nothing() -> None:
    still = replace(EXAMPLE, joints=(JointView("wrist_roll", -0.04, -0.0, -100.0, 100.0),))
    (line,) = (line for line in lines_of(draw(still, 80, 24), 80) if "wrist_roll" in line)
    assert "-0.0" not in line
    assert line.count(" 0.0 ") == 2


def text(snapshot: Snapshot, width: int = 80, height: int = 100) -> str:
    console = Console(width=width, record=True, force_terminal=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with console.file:
        console.print(draw(snapshot, width, height))
        return console.export_text()


@pytest.mark.parametrize(
    "fact",
    [
        "● RECORDING", "Grab the paper box", "episode 12 (2/10 saved)", "01:23.4 / 01:30.0",
        "30.00 Hz", "late 0.2 ms", "missed 0", "disk 72 GB left", "saving 1", "datasets/koch",
        "front", "30.0 fps", "21 ms", "-- fps", "800 ms", "40 to encode",
        "shoulder_pan", "-34.2", "-33.9", "Enter", "save", "redo", "quit",
    ],
)  # fmt: skip
def test_one_glance_tells(fact: str) -> None:
    assert fact in text(EXAMPLE, 100)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("width", [60, 80, 200])
def test_every_phase_fits_every_width(phase: Phase, width: int) -> None:
    lines = text(replace(EXAMPLE, phase=phase, notice="The disk is full."), width).splitlines()
    assert max(map(len, lines)) <= width
    assert any("The disk is full." in line for line in lines)


@pytest.mark.parametrize("phase", [each for each in Phase if each is not Phase.DONE])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 20), (40, 10), (30, 8), (28, 6)])
@pytest.mark.parametrize("notice", ["", "The disk of /data is full. " * 10])
def test_where_lines_are_few_the_phase_and_the_keys_stay(
    phase: Phase, width: int, height: int, notice: str
) -> None:
    snapshot = replace(EXAMPLE, phase=phase, notice=notice)
    lines = text(snapshot, width, height).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= height
    shown = "\n".join(lines)
    assert {Phase.ASKING: "? KEEP", Phase.CONFIRMING: "? KEEP"}.get(
        phase, phase.upper()[:5]
    ) in shown
    for key, meaning in hints(phase, has_saved=True):
        assert f" {key}  {meaning}" in shown
    assert ("The disk" in shown) == bool(notice) or height < 10


@pytest.mark.parametrize("phase", [Phase.RECORDING, Phase.ASKING, Phase.RESETTING])
@pytest.mark.parametrize("notice", ["", NOTICE])
@pytest.mark.parametrize(
    ("width", "height", "joint"),
    [(80, 24, "_gripper "), (60, 20, "farthest off: "), (200, 50, "█ follower")],
)
def test_two_pairs_and_four_cameras_fold_into_few_lines(
    phase: Phase, notice: str, width: int, height: int, joint: str
) -> None:
    lines = text(replace(TWO_PAIRS, phase=phase, notice=notice), width, height).splitlines()
    shown = "\n".join(lines)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    for fact in ("Grab the paper box", "30.00 Hz", "72 GB", "front", "right_wrist", joint):
        assert fact in shown
    if width >= 80:
        assert all(f"{side}_{name} " in shown for side in ("left", "right") for name in ARM)
    assert [word for line in lines for word in line.strip("│ ").split()].count("Enter") == 1
    told = " ".join(line.strip("│ ") for line in lines)
    assert (NOTICE in told) == bool(notice)


@pytest.mark.parametrize(("height", "free"), [(40, 24), (24, 8)])
def test_images_get_the_lines_that_everything_else_leaves(height: int, free: int) -> None:
    asked = []

    def images(width: int, height: int) -> Text:
        asked.append((width, height))
        return Text("\n".join(["image"] * height))

    lines = lines_of(draw(EXAMPLE, 80, height, images), 80)
    assert asked == [(76, free)]
    assert len(lines) == height
    assert [line.strip("│ ") for line in lines].count("image") == free
    assert "gripper" in lines[-free - 5]
    assert "Enter" in lines[-2]


def test_where_there_is_no_room_for_images_the_screen_is_as_without_them() -> None:
    asked = []

    def images(width: int, height: int) -> None:
        asked.append(height)

    assert lines_of(draw(EXAMPLE, 80, 16, images), 80) == lines_of(draw(EXAMPLE, 80, 16), 80)
    assert asked == [0, 7]


def test_for_images_everything_else_folds_where_they_have_no_room_otherwise() -> None:
    def images(width: int, height: int) -> Text | None:
        return Text("\n".join(["image"] * height)) if height >= 5 else None

    lines = lines_of(draw(TWO_PAIRS, 80, 24, images), 80)
    assert len(lines) == 24
    assert [line.strip("│ ") for line in lines].count("image") == 15
    assert any("farthest off: left_shoulder_pan by 4.0" in line for line in lines)
    assert "Enter" in lines[-2]


def test_a_usual_terminal_shows_everything() -> None:
    lines = text(replace(EXAMPLE, notice="The disk is full."), 80, 24).splitlines()
    for fact in ("Grab the", "30.00 Hz", "wrist", "72 GB", "gripper", "The disk is full."):
        assert any(fact in line for line in lines)


def drawn(*cameras: PreviewedCamera, encoding: str = "utf-8") -> bytes:
    """What the process that draws writes to a terminal of 80 columns and 40 lines."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (40, 80))
    arguments = [str(slave), "silent", *(camera.to_argument() for camera in cameras)]
    child = subprocess.Popen(
        [sys.executable, "-m", "lerecord", "_screen", *arguments],
        env=os.environ | {"PYTHONIOENCODING": encoding, "TERM": "xterm", "COLORTERM": "truecolor"},
        pass_fds=[slave, *(camera.mailbox for camera in cameras)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(slave)
    child.communicate(json.dumps(MESSAGES.write(EXAMPLE)).encode() + b"\n")
    shown = b""
    while b"[?1049l" not in shown:
        shown += os.read(master, 65536)
    os.close(master)
    assert child.returncode == 0
    return shown


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_of_any_encoding_shows_the_screen(encoding: str) -> None:
    shown = drawn(encoding=encoding)
    assert ("● RECORDING" if encoding == "utf-8" else "@ RECORDING").encode() in shown
    assert b"save" in shown
    assert (b"\xe2" in shown) == (encoding == "utf-8")


def test_the_process_that_draws_shows_what_is_in_the_mailboxes() -> None:
    grey = np.full((480, 640, 3), 128, dtype=np.uint8)
    jpeg = cv2.imencode(".jpg", grey)[1].tobytes()
    with closing(ImageMailbox(100_000)) as mailbox, closing(MailboxWriter(mailbox.fileno())) as end:
        assert end.put(jpeg, 0.0, 0)
        shown = drawn(PreviewedCamera("front: left", 0, mailbox.fileno())).decode()
    assert "front: left: " in shown
    assert " s old" in shown
    assert "38;2;128;128;128;48;2;128;128;128m▀▀" in shown


def test_the_keys_are_those_of_the_phase() -> None:
    assert "discard, quit" in text(replace(EXAMPLE, phase=Phase.ASKING))
    assert "discard, quit" not in text(EXAMPLE)


def test_the_last_take_can_be_redone_only_when_there_is_one() -> None:
    between = replace(EXAMPLE, phase=Phase.RESETTING)
    assert "r  redo the last" in text(between)
    assert "redo" not in text(replace(between, saves=0))


@pytest.mark.parametrize("answer", ["save, quit", "discard, quit", "save, go on", "redo, go on"])
def test_the_question_about_quitting_says_its_ways_back(answer: str) -> None:
    assert answer in text(replace(TWO_PAIRS, phase=Phase.ASKING), 60, 20)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 20), (28, 6)])
def test_trouble_takes_the_place_of_the_phase(width: int, height: int) -> None:
    between = replace(TWO_PAIRS, phase=Phase.RESETTING, notice="Episode 1 is saved.")
    shown = text(replace(between, trouble="The leader is silent."), width, height)
    assert "▲ TROUBLE" in shown
    assert "RESET" not in shown
    assert shown.count("The leader is silent.") == 1
    assert ("Episode 1 is saved." in shown) == (height > 6)
    over = text(between, width, height)
    assert "○ RESET" in over
    assert "TROUBLE" not in over


def test_the_bar_shows_follower_and_leader_at_their_places() -> None:
    line = next(line for line in text(EXAMPLE, 135).splitlines() if "gripper" in line)
    bar = line[line.index("█") : line.rindex("─") + 1]
    assert len(bar) == 100
    assert bar.count("█") == 13  # 0 to 12
    assert bar.index("○") == 80


QUEUE = QueueView(
    (TaskCount("Grab the box", 20, 20), TaskCount("Push the cup", 10, 4), TaskCount("Pour", 5)),
    Order.BALANCED,
    "Pour",
)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 20)])
@pytest.mark.parametrize("trouble", ["", "The follower does not answer: check its cable."])
def test_a_queue_shows_the_task_of_the_next_take_how_far_it_is_and_what_comes_then(
    width: int, height: int, trouble: str
) -> None:
    queued = replace(TWO_PAIRS, queue=QUEUE, task="Push the cup", trouble=trouble)
    lines = text(replace(queued, phase=Phase.RESETTING), width, height).splitlines()
    shown = "\n".join(lines)
    assert (len(lines) <= height, max(map(len, lines)) <= width) == (True, True)
    for each in ("Push the cup", "task 2 of 3: 4 of 10 saved   all: 24 of 35   then: P", trouble):
        assert each in shown
    assert " j/k  next task/task before " in shown
    assert "j/k" not in text(replace(queued, phase=Phase.RECORDING), width, height)


@pytest.mark.parametrize("queue", [None, QUEUE])
def test_a_snapshot_with_a_queue_survives_the_pipe(queue: QueueView | None) -> None:
    snapshot = replace(EXAMPLE, queue=queue)
    assert MESSAGES.read(json.loads(json.dumps(MESSAGES.write(snapshot)))) == snapshot


@pytest.mark.parametrize(("width", "height"), [(200, 50), (80, 24), (60, 20), (40, 7)])
def test_a_simulated_rig_is_unmistakable(width: int, height: int) -> None:
    assert " SIMULATED " in text(replace(EXAMPLE, simulated=True), width, height)
    assert "simulated" not in text(EXAMPLE, width, height).lower()


@pytest.mark.parametrize("policy", [None, PolicyHealth(0.067, 3, 1)])
def test_a_snapshot_survives_the_pipe(policy: PolicyHealth | None) -> None:
    snapshot = replace(EXAMPLE, policy=policy)
    assert MESSAGES.read(json.loads(json.dumps(MESSAGES.write(snapshot)))) == snapshot


def test_the_screen_tells_how_well_a_policy_keeps_up() -> None:
    assert " policy " not in text(EXAMPLE)
    shown = text(replace(EXAMPLE, policy=PolicyHealth(0.067, 3, 1)))
    assert "policy   answers in 67 ms   held 3 ticks   1 dropped" in shown
    assert "dropped" not in text(replace(EXAMPLE, policy=PolicyHealth(0.067, 0, 0)))


def test_what_a_stranger_wrote_is_shown_and_not_obeyed() -> None:
    word = "[red]x[/]\x1b]0;\u202e"
    visible = r"[red]x[/]\x1b]0;\u202e"
    joint = replace(EXAMPLE.joints[0], name=word)
    camera = replace(EXAMPLE.cameras[0], name=word)
    screen = replace(EXAMPLE, joints=(joint,), cameras=(camera,))
    for field in ("task", "robot", "dataset", "notice"):
        screen = replace(screen, **{field: word})  # type: ignore[arg-type]
    drawn = text(screen, 120)
    assert drawn.count(visible) == 6
    assert not {"\x1b", "\u202e"} & set(drawn)


def test_a_screen_that_is_stopped_for_a_long_take_is_neither_waited_for_nor_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    master, slave = pty.openpty()
    with os.fdopen(master, "rb", 0), os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        with ScreenProcess() as screen:
            screen.wait_until_up()
            children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
            (pid,) = (
                int(child)
                for child in children
                if b"_screen" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            )
            os.kill(pid, signal.SIGSTOP)
            for rows in range(10_000):  # of 1000 s, ten a second: some 8 MB
                screen.show(replace(EXAMPLE, rows=rows))


def bells(snapshots: Sequence[Snapshot], sound: bool) -> list[int]:
    """How often the terminal's bell rings while four snapshots like each are drawn."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    rung = []
    with (
        os.fdopen(master, "rb", 0) as end,
        os.fdopen(slave, "w") as terminal,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdout", terminal)
        with ScreenProcess(sound=sound) as screen:
            screen.wait_until_up()
            for place, snapshot in enumerate(snapshots):
                written = b""
                for rows in range(7000 + 4 * place, 7004 + 4 * place):
                    screen.show(replace(snapshot, rows=rows))
                    while f"frames   {rows}".encode() not in written:
                        written += end.read(65536)
                rung.append(written.count(b"\a"))
    return rung


@pytest.mark.parametrize(("sound", "rings"), [(True, [0, 1, 2, 0, 3, 0]), (False, [0] * 6)])
def test_the_bell_rings_when_a_take_begins_when_it_is_saved_and_when_trouble_begins(
    sound: bool, rings: list[int]
) -> None:
    reset = replace(EXAMPLE, phase=Phase.RESETTING)
    saved, failed = replace(reset, saves=3), replace(reset, saves=3, trouble="It is silent.")
    paused = replace(saved, phase=Phase.PAUSED)
    assert bells([reset, EXAMPLE, saved, paused, failed, saved], sound) == rings


def test_where_nothing_is_recorded_no_episode_and_no_disk_are_shown() -> None:
    drawn = text(
        replace(EXAMPLE, phase=Phase.DRIVING, episode=None, disk_free_bytes=None, source="replay")
    )
    assert "DRIVING" in drawn
    assert "replay" in drawn
    assert all(word not in drawn for word in ("episode", "GB left", "leader"))
