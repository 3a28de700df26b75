"""The whole recorder as a user starts it, on the simulated rig: real processes, real wire."""

import json
import os
import pty
import signal
import subprocess
import sysconfig
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.live import Simulator

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")
TASK = "Grab the paper box"


def run(*arguments: str, timeout_s: float = 240) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LERECORD, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def family(pid: int) -> set[int]:
    """The process and all below it."""
    found, todo = {pid}, [pid]
    while todo:
        children = Path(f"/proc/{todo.pop()}/task")
        for task in children.glob("*/children"):
            below = {int(child) for child in task.read_text(encoding="ascii").split()} - found
            found |= below
            todo += below
    return found


def alive(pids: set[int]) -> set[int]:
    def runs(pid: int) -> bool:
        try:
            state = (
                Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
            )
        except (FileNotFoundError, ProcessLookupError):
            return False
        return state != "Z"

    return {pid for pid in pids if runs(pid)}


def wait_until(condition: Callable[[], object], timeout_s: float = 240) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def assert_passes_check(dataset: Path) -> None:
    checked = run("check", str(dataset))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def info(dataset: Path) -> dict[str, object]:
    data: dict[str, object] = json.loads((dataset / "meta/info.json").read_text(encoding="utf-8"))
    return data


def rows_staged(dataset: Path) -> int:
    """Bytes of the running take's frame journal."""
    journals = dataset.glob(".lerecord/takes/*/rows.journal")
    return max((journal.stat().st_size for journal in journals), default=0)


def test_two_tasks_and_three_episodes_in_one_dataset(tmp_path: Path) -> None:
    dataset = tmp_path / "box"
    first = run("--task", TASK, "--episodes", "2", "--dataset", str(dataset), "--seed", "4")
    assert first.returncode == 0, first.stderr
    assert "recording on the simulated rig" in first.stdout
    assert "The box stood on the target in 2 of 2 saved episodes." in first.stdout
    tasks_file = tmp_path / "tasks.txt"
    tasks_file.write_text(f"2 {TASK}\n1 Push the cup\n")  # two are there already
    second = run("--tasks", str(tasks_file), "--dataset", str(dataset), "--episode-time", "2")
    assert second.returncode == 0, second.stderr
    assert "next: 'Push the cup'; 2 of 3 episodes" in second.stdout

    tables = [pq.read_table(path) for path in sorted(dataset.glob("data/*/*.parquet"))]
    assert [set(table["task_index"].to_pylist()) for table in tables] == [{0}, {0}, {1}]
    index = [value for table in tables for value in table["index"].to_pylist()]
    assert index == list(range(len(index)))
    assert info(dataset)["total_episodes"] == 3
    assert info(dataset)["robot_type"] == "koch_sim"
    tasks = (dataset / "meta/tasks.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["task"] for line in tasks] == [TASK, "Push the cup"]
    assert len(tables[2]) == 60
    assert_passes_check(dataset)


def test_a_pedal_that_is_missing_is_said_before_anything_is_reached(tmp_path: Path) -> None:
    box, pedal = str(tmp_path / "box"), tmp_path / "pedal"
    refused = run("--task", TASK, "--dataset", box, "--pedal", str(pedal))
    assert refused.returncode == 2
    assert f"The pedal {pedal} cannot be used (No such file or directory);" in refused.stderr
    assert "simulator" not in refused.stderr
    assert not Path(box).exists()


def test_an_episode_is_done_again_in_its_place(tmp_path: Path) -> None:
    dataset = tmp_path / "box"
    for task, seconds in ((TASK, "1"), ("Push the cup", "1.5")):
        run("--task", task, "--episode-time", seconds, "--dataset", str(dataset))
    kept = (dataset / "videos/chunk-000/observation.images.front/episode_000001.mp4").read_bytes()
    again = run("rerecord", "0", "--episode-time", "2", "--dataset", str(dataset), "--json")
    assert again.returncode == 0, again.stderr
    assert f"episode 0: recording {TASK!r} again" in again.stderr
    (saved,) = json.loads(again.stdout)["saved"]
    assert (saved["episode"], saved["replaced"], saved["frames"]) == (0, True, 60)
    tables = [pq.read_table(path) for path in sorted(dataset.glob("data/*/*.parquet"))]
    assert [len(table) for table in tables] == [60, 45]
    assert tables[1]["index"].to_pylist() == list(range(60, 105))
    now = (dataset / "videos/chunk-000/observation.images.front/episode_000001.mp4").read_bytes()
    assert now == kept
    assert_passes_check(dataset)

    missing = run("rerecord", "0", "2", "--dataset", str(dataset))
    assert missing.returncode == 2
    assert "has no episode 2; its 2 episodes are numbered from 0" in missing.stderr


def recorder(dataset: Path) -> "subprocess.Popen[str]":
    takes = ("--episodes", "9", "--episode-time", "2")
    return subprocess.Popen(
        [LERECORD, "--task", TASK, *takes, "--dataset", str(dataset)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def is_in_its_second_take(process: "subprocess.Popen[str]", dataset: Path) -> bool:
    """Waits for it; False where the recorder ends before."""
    committed = dataset / "meta/info.json"
    wait_until(lambda: process.poll() is not None or committed.is_file())
    time.sleep(0.5)
    wait_until(lambda: process.poll() is not None or rows_staged(dataset) > 0)
    time.sleep(0.5)
    return process.poll() is None


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A recorder in the middle of its second take."""
    for attempt in range(3):
        dataset = tmp_path / f"box-{attempt}"
        process = recorder(dataset)
        if is_in_its_second_take(process, dataset):
            break
        _, told = process.communicate()
        assert "stood still" in told or "silent" in told, told  # as a machine that stalls makes it
    yield process, dataset
    process.kill()
    process.communicate()


def test_a_killed_recorder_leaves_no_process_and_a_whole_dataset(
    recording: tuple[subprocess.Popen[str], Path],
) -> None:
    process, dataset = recording
    started = family(process.pid)
    assert len(started) >= 5  # control, two cameras, writer, simulator
    loop = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")
    assert "numpy" in loop
    assert [name for name in ("cv2", "libav", "libarrow") if name in loop] == []  # it stays light
    process.kill()
    process.wait()
    wait_until(lambda: not alive(started))
    committed = info(dataset)["total_episodes"]
    assert_passes_check(dataset)
    left = len(list(dataset.glob(".lerecord/takes/*/rows.journal")))
    assert left  # one more where a busy machine had not yet saved the first
    appended = run("--task", TASK, "--episode-time", "1", "--dataset", str(dataset))
    assert appended.returncode == 0, appended.stderr
    takes = "1 take was" if left == 1 else f"{left} takes were"
    assert f"{takes} never saved: `lerecord recover {dataset}`" in appended.stdout
    assert info(dataset)["total_episodes"] == int(str(committed)) + 1
    assert_passes_check(dataset)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_parks_commits_and_keeps_the_running_take(
    recording: tuple[subprocess.Popen[str], Path], number: signal.Signals
) -> None:
    process, dataset = recording
    started = family(process.pid)
    os.killpg(process.pid, number)  # as a terminal does it: to the whole group
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 128 + number
    # A busy machine may still encode; it says so, and nothing else.
    assert all(line.endswith("nothing will be lost.") for line in errors.splitlines())
    assert "episode 0: 60 frames" in output
    assert not alive(started)
    assert_passes_check(dataset)
    begun = output.count(f"recording {TASK!r}")  # on a busy machine the take may be over by now
    left = len(list(dataset.glob(".lerecord/takes/*/rows.journal")))
    assert info(dataset)["total_episodes"] == begun - left


def test_a_second_signal_does_not_cut_the_last_saves_off(
    recording: tuple[subprocess.Popen[str], Path],
) -> None:
    process, dataset = recording
    wait_until(lambda: info(dataset)["total_episodes"] == 1)
    (writer,) = (
        pid
        for pid in family(process.pid)
        if b"_writer" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    )
    os.kill(writer, signal.SIGSTOP)
    time.sleep(3.0)  # the second take is saved meanwhile
    process.terminate()
    assert process.stderr is not None
    assert "being saved" in process.stderr.readline()
    process.terminate()
    time.sleep(0.2)
    os.kill(writer, signal.SIGCONT)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 128 + signal.SIGTERM
    assert "episode 1: 60 frames" in output


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    running = Simulator("front", "wrist")
    yield running
    running.close()


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGKILL])
def test_the_arm_parks_before_it_is_released_and_is_held_when_nobody_can(
    simulator: Simulator, tmp_path: Path, number: signal.Signals
) -> None:
    found = simulator.follower_found()
    simulator.say({"phase": "record"})
    dataset = tmp_path / "box"
    process = subprocess.Popen(
        [
            *(LERECORD, "--task", TASK, "--dataset", str(dataset), "--episode-time", "60"),
            *("--hardware", str(simulator.hardware(tmp_path))),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    wait_until(lambda: rows_staged(dataset) > 0)
    time.sleep(2)
    away = simulator.follower("position")
    assert np.abs(away - found).max() > 100
    process.send_signal(number)
    process.wait(30)
    torque, position = simulator.follower("torque"), simulator.follower("position")
    if number is signal.SIGKILL:
        assert torque.all()  # nothing drops
    else:
        assert not torque.any()
        apart = np.abs(position - found)
        assert apart[:5].max() < 30  # the gripper may still have the box between its fingers


class Terminal:
    """lerecord in a terminal of its own, 80 by 24."""

    def __init__(self, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.slave = slave
        self.mode = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [LERECORD, *arguments], stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.set_blocking(self.master, False)
        self.shown = ""

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def read(self) -> str:
        try:
            while data := os.read(self.master, 65536):
                self.shown += data.decode(errors="replace")
        except BlockingIOError:
            pass
        return self.shown

    def wait_for(self, text: str) -> None:
        """Wait until the text is shown after everything that was waited for before."""
        wait_until(lambda: text in self.read())
        self.shown = self.shown[self.shown.rindex(text) + len(text) :]

    def wait(self) -> int:
        """Read until it has ended, as a terminal does; its exit status."""
        wait_until(lambda: (self.read(), self.process.poll())[1] is not None)
        self.read()
        return self.process.wait()

    def hang_up(self) -> None:
        """As a window that is closed, or a connection that is lost."""
        os.close(self.slave)
        os.close(self.master)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.hang_up()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    running = Terminal("--task", TASK, "--dataset", str(tmp_path / "box"))
    yield running
    running.close()


def test_a_session_by_keys(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait_for("RESET")
    time.sleep(2.5)  # the follower catches up with the leader
    terminal.press("\r")
    terminal.wait_for("RECORDING")
    time.sleep(1.2)
    terminal.press("r")
    terminal.wait_for("RESET")
    terminal.press(" ")
    terminal.wait_for("RECORDING")
    time.sleep(1.2)
    terminal.press("\x1b[C")
    terminal.wait_for("RESET")
    terminal.press("p")
    terminal.wait_for("PAUSED")
    terminal.press("\r")
    terminal.wait_for("RESET")
    terminal.press(" ")
    terminal.wait_for("RECORDING")
    time.sleep(1.2)
    terminal.press("q")
    terminal.wait_for("KEEP THIS TAKE")
    terminal.press("d")
    assert terminal.wait() == 0
    shown = terminal.shown
    assert "\x1b[?1049l" in shown
    assert "episode 0:" in shown
    assert "episode 1:" not in shown
    assert termios.tcgetattr(terminal.slave) == terminal.mode
    assert_passes_check(tmp_path / "box")
    assert not list(tmp_path.glob("box/.lerecord/takes/*"))


def test_a_terminal_that_stands_still_does_not_keep_the_arm_under_torque(
    simulator: Simulator, tmp_path: Path
) -> None:
    found = simulator.follower_found()
    simulator.say({"phase": "reset"})
    hardware = simulator.hardware(tmp_path, cameras=False)
    folder = str(tmp_path / "box")
    terminal = Terminal("--task", TASK, "--dataset", folder, "--hardware", str(hardware))
    try:
        terminal.wait_for("RESET")
        wait_until(lambda: np.abs(simulator.follower("position") - found).max() > 100)
        assert simulator.follower("torque").all()
        termios.tcflow(terminal.slave, termios.TCOOFF)  # as Ctrl-S or a stalled connection
        terminal.process.terminate()
        wait_until(lambda: not simulator.follower("torque").any())
        assert np.abs(simulator.follower("goal") - found).max() < 20  # it was parked first
        termios.tcflow(terminal.slave, termios.TCOON)
        assert terminal.process.wait(timeout=240) == 128 + signal.SIGTERM
    finally:
        terminal.close()


def test_a_terminal_that_is_closed_parks_the_arm_and_leaves_the_take_to_the_next_session(
    simulator: Simulator, tmp_path: Path
) -> None:
    found = simulator.follower_found()
    simulator.say({"phase": "reset"})
    dataset, hardware = tmp_path / "box", str(simulator.hardware(tmp_path))
    arguments = ("--task", TASK, "--dataset", str(dataset), "--hardware", hardware)
    terminal = Terminal(*arguments)
    terminal.wait_for("RESET")
    time.sleep(2.5)
    terminal.press("\r")
    terminal.wait_for("RECORDING")
    simulator.say({"phase": "record"})
    wait_until(lambda: np.abs(simulator.follower("position") - found).max() > 100)
    started = family(terminal.process.pid)
    terminal.hang_up()
    terminal.process.wait(timeout=240)
    assert not alive(started)
    assert not simulator.follower("torque").any()
    assert np.abs(simulator.follower("goal") - found)[:5].max() < 20  # it was parked first
    again = Terminal(*arguments)
    again.wait_for("(k)eep or (d)iscard?")
    again.press("k\n")
    again.wait_for("RESET")
    again.press("q")
    again.wait()
    again.close()
    assert info(dataset)["total_episodes"] == 1
    assert_passes_check(dataset)


def test_the_death_of_the_screen_hurts_nothing(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait_for("RESET")
    time.sleep(2.5)
    terminal.press("\r")
    terminal.wait_for("RECORDING")
    screens = [
        pid
        for pid in family(terminal.process.pid)
        if b"_screen" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]
    assert len(screens) == 1
    os.kill(screens[0], signal.SIGKILL)
    terminal.wait_for("The session continues without its screen")
    time.sleep(1.2)
    terminal.press("n")
    terminal.wait_for("resetting [Enter: start")  # in lines
    terminal.press("q")
    terminal.process.wait(timeout=240)
    assert terminal.process.returncode == 0
    assert "episode 0:" in terminal.read()
    assert termios.tcgetattr(terminal.slave) == terminal.mode
    assert_passes_check(tmp_path / "box")
