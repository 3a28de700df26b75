import json
import os
import pty
import signal
import subprocess
import sys
import termios
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
from lerecord.recording.session import Phase
from lerecord.ui.snapshot import MESSAGES, JointView, PreviewedCamera, Snapshot
from lerecord.ui.terminal import ScreenProcess
from lerecord.ui.terminal.keys import KEY_HINTS
from lerecord.ui.terminal.screen import draw

SNAPSHOT = Snapshot(
    phase=Phase.RECORDING,
    task="Grab the paper box",
    dataset="datasets/koch",
    robot="koch",
    simulated=False,
    episode=12,
    replaces=False,
    saved=2,
    episodes=10,
    elapsed_s=83.4,
    limit_s=90.0,
    rows=2502,
    rate_hz=30.0,
    fps=30,
    lateness_p99_s=0.0002,
    missed=0,
    cameras=(CameraView("front", 30.01, 0.021, 0), CameraView("wrist", None, 0.8, 40)),
    joints=(
        JointView("shoulder_pan", -34.2, -33.9, -100.0, 100.0),
        JointView("gripper", 80.0, 12.0, 0.0, 100.0),
    ),
    disk_free_bytes=72_000_000_000,
    saving=1,
    notice="",
)


def lines_of(screen: RenderableType, width: int) -> list[str]:
    lines = Console(width=width).render_lines(screen)
    return ["".join(segment.text for segment in line) for line in lines]


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
    assert fact in text(SNAPSHOT, 100)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("width", [60, 80, 200])
def test_every_phase_fits_every_width(phase: Phase, width: int) -> None:
    lines = text(replace(SNAPSHOT, phase=phase, notice="The disk is full."), width).splitlines()
    assert max(map(len, lines)) <= width
    assert any("The disk is full." in line for line in lines)


@pytest.mark.parametrize("phase", [each for each in Phase if each is not Phase.DONE])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 20), (40, 10), (30, 8), (28, 6)])
@pytest.mark.parametrize("notice", ["", "The disk of /data is full. " * 10])
def test_where_lines_are_few_the_phase_and_the_keys_stay(
    phase: Phase, width: int, height: int, notice: str
) -> None:
    snapshot = replace(SNAPSHOT, phase=phase, notice=notice)
    lines = text(snapshot, width, height).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= height
    shown = "\n".join(lines)
    assert {Phase.ASKING: "? KEEP", Phase.CONFIRMING: "? KEEP"}.get(
        phase, phase.upper()[:5]
    ) in shown
    for key, meaning in KEY_HINTS[phase]:
        assert f" {key}  {meaning}" in shown
    assert ("The disk" in shown) == bool(notice) or height < 10


@pytest.mark.parametrize(("height", "free"), [(40, 24), (24, 8)])
def test_images_get_the_lines_that_everything_else_leaves(height: int, free: int) -> None:
    asked = []

    def images(width: int, height: int) -> Text:
        asked.append((width, height))
        return Text("\n".join(["image"] * height))

    lines = lines_of(draw(SNAPSHOT, 80, height, images), 80)
    assert asked == [(76, free)]
    assert len(lines) == height
    assert [line.strip("│ ") for line in lines].count("image") == free
    assert "gripper" in lines[-free - 5]
    assert "Enter" in lines[-2]


def test_where_there_is_no_room_for_images_the_screen_is_as_without_them() -> None:
    def images(width: int, height: int) -> None:
        assert height <= 0

    assert lines_of(draw(SNAPSHOT, 80, 16, images), 80) == lines_of(draw(SNAPSHOT, 80, 16), 80)


def test_a_usual_terminal_shows_everything() -> None:
    lines = text(replace(SNAPSHOT, notice="The disk is full."), 80, 24).splitlines()
    for fact in ("Grab the", "30.00 Hz", "wrist", "72 GB", "gripper", "The disk is full."):
        assert any(fact in line for line in lines)


def drawn(*cameras: PreviewedCamera, encoding: str = "utf-8") -> bytes:
    """What the process that draws writes to a terminal of 80 columns and 40 lines."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (40, 80))
    arguments = [str(slave), *(camera.to_argument() for camera in cameras)]
    child = subprocess.Popen(
        [sys.executable, "-m", "lerecord", "_screen", *arguments],
        env=os.environ | {"PYTHONIOENCODING": encoding, "TERM": "xterm", "COLORTERM": "truecolor"},
        pass_fds=[slave, *(camera.mailbox for camera in cameras)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(slave)
    child.communicate(json.dumps(MESSAGES.write(SNAPSHOT)).encode() + b"\n")
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
    assert "discard it" in text(replace(SNAPSHOT, phase=Phase.ASKING))
    assert "discard it" not in text(SNAPSHOT)


def test_the_bar_shows_follower_and_leader_at_their_places() -> None:
    line = next(line for line in text(SNAPSHOT, 135).splitlines() if "gripper" in line)
    bar = line[line.index("█") : line.rindex("─") + 1]
    assert len(bar) == 100
    assert bar.count("█") == 13  # 0 to 12
    assert bar.index("○") == 80


def test_a_simulated_rig_says_so() -> None:
    assert "koch (simulated)" in text(replace(SNAPSHOT, simulated=True))


def test_a_snapshot_survives_the_pipe() -> None:
    assert MESSAGES.read(json.loads(json.dumps(MESSAGES.write(SNAPSHOT)))) == SNAPSHOT


def test_what_a_stranger_wrote_is_shown_and_not_obeyed() -> None:
    word = "[red]x[/]\x1b]0;\u202e"
    visible = r"[red]x[/]\x1b]0;\u202e"
    joint = replace(SNAPSHOT.joints[0], name=word)
    camera = replace(SNAPSHOT.cameras[0], name=word)
    screen = replace(SNAPSHOT, joints=(joint,), cameras=(camera,))
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
                screen.show(replace(SNAPSHOT, rows=rows))


def test_where_nothing_is_recorded_no_episode_and_no_disk_are_shown() -> None:
    drawn = text(
        replace(SNAPSHOT, phase=Phase.DRIVING, episode=None, disk_free_bytes=None, source="replay")
    )
    assert "DRIVING" in drawn
    assert "replay" in drawn
    assert all(word not in drawn for word in ("episode", "GB left", "leader"))
