import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lerecord.errors import LerecordError
from lerecord.processes import ChildProcess, python

ECHO = """
from lerecord.processes import behave_as_child, messages, say
behave_as_child()
say("up")
for message in messages():
    say("echo", message=message)
"""


@pytest.fixture
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return module(tmp_path, monkeypatch, "echo_child", ECHO)


def module(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str) -> str:
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return name


def of_module(name: str) -> list[str]:
    return python("-m", name)


def flood(child: ChildProcess) -> None:
    for _ in range(10_000):
        child.send({"text": "x" * 1000})


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], object], timeout_s: float = 240) -> bool:
    deadline = time.monotonic() + timeout_s
    while not (done := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(done)


def test_messages_come_back_whole_and_in_order(echo: str) -> None:
    with ChildProcess(echo, command=of_module) as child:
        child.wait_for("up", 10)
        sent = [{"n": i, "text": "x" * (i * 37 % 5000)} for i in range(200)]
        received: list[object] = []
        for message in sent:
            child.send(message)
            received += [each["message"] for each in child.poll()]
        while len(received) < len(sent):
            received.append(child.wait_for("echo", 10)["message"])
    assert received == sent


def test_sending_to_a_child_that_hangs_never_waits(echo: str) -> None:
    with ChildProcess(echo, command=of_module) as child:
        child.wait_for("up", 10)
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(LerecordError, match="no longer accepts messages"):
            flood(child)  # a write that waited would hang here for ever
        os.kill(child.pid, signal.SIGCONT)


def test_of_what_is_offered_to_a_child_that_stands_still_the_newest_arrives(echo: str) -> None:
    with ChildProcess(echo, command=of_module) as child:
        child.wait_for("up", 10)
        os.kill(child.pid, signal.SIGSTOP)
        child.send({"first": True})
        for number in range(20_000):  # some 20 MB: it neither waits nor raises
            child.offer({"number": number, "text": "x" * 1000})
        os.kill(child.pid, signal.SIGCONT)
        numbers: list[int] = []
        while not numbers or numbers[-1] < 19_999:
            message = child.wait_for("echo", 10)["message"]
            if "number" in message:
                numbers.append(message["number"])
    assert numbers == sorted(numbers)
    assert len(numbers) < 200  # what the pipe held, and the newest


def test_a_child_can_leave_out_what_it_is_too_slow_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
from lerecord.processes import newest, say
import time
say("up")
for message in newest():
    say("drawn", number=message["number"])
    time.sleep(0.05)
"""
    with ChildProcess(
        module(tmp_path, monkeypatch, "slow_child", code), command=of_module
    ) as child:
        child.wait_for("up", 10)
        for number in range(500):
            child.offer({"number": number})
        drawn = [0]
        while drawn[-1] < 499:
            drawn.append(child.wait_for("drawn", 10)["number"])
    assert drawn == sorted(drawn)
    assert len(drawn) < 50


def test_what_a_child_complains_of_is_in_the_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = module(tmp_path, monkeypatch, "broken_child", "raise SystemExit('no such thing')")
    with (
        ChildProcess(name, command=of_module) as child,
        pytest.raises(LerecordError, match=r"ended unexpectedly. no such thing"),
    ):
        child.wait_for("up", 10)


def test_what_is_no_message_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "print('[ WARN] no camera')"
    with (
        ChildProcess(module(tmp_path, monkeypatch, "chatty", code), command=of_module) as child,
        pytest.raises(
            LerecordError, match=r"^The chatty process said b'\[ WARN\] no camera', which"
        ),
    ):
        child.wait_for("up", 10)


def test_an_error_a_child_says_is_raised_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from lerecord.processes import say\nsay('error', message='The cat is on it.')"
    with (
        ChildProcess(
            module(tmp_path, monkeypatch, "sorry_child", code), command=of_module
        ) as child,
        pytest.raises(LerecordError, match=r"^The cat is on it\.$"),
    ):
        child.wait_for("up", 10)


def test_a_child_ignores_signals_and_ends_with_its_input(echo: str) -> None:
    with ChildProcess(echo, command=of_module) as child:
        child.wait_for("up", 10)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(child.pid, number)
        child.send({"still": "there"})
        assert child.wait_for("echo", 10)["message"] == {"still": "there"}
        child.end_input()
        assert wait_until(lambda: not child.running)


@pytest.mark.parametrize(
    "reading", ["end_with_input()", "Thread(target=read, daemon=True).start()"]
)
def test_a_child_that_ends_by_itself_ends_quietly_with_its_input_still_open(reading: str) -> None:
    code = f"""
from threading import Thread
import time
from lerecord.processes import end_with_input, messages
def read():
    for _ in messages():
        pass
{reading}
time.sleep(0.3)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stderr is not None
        assert child.stderr.read() == b""
        assert child.wait(10) == 0


def test_a_killed_parent_leaves_no_child(echo: str) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time\n"
            "from lerecord.processes import ChildProcess, python\n"
            f"child = ChildProcess({echo!r}, command=lambda name: python('-m', name))\n"
            "child.wait_for('up', 10)\n"
            "print(child.pid, flush=True)\n"
            "time.sleep(60)\n",
        ],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    parent.wait()
    assert wait_until(lambda: not alive(pid))


def test_no_password_comes_out_of_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says = """
from lerecord.processes import say
say("error", message="no http://me:hunter2@cam/v here")
raise ValueError("http://me:hunter2@cam/v")
"""
    with ChildProcess(
        module(tmp_path, monkeypatch, "indiscreet", says), command=of_module
    ) as child:
        with pytest.raises(LerecordError, match=r"^no http://cam/v here$"):
            child.wait_for("up", 20.0)
        while child.running:
            time.sleep(0.01)
        assert child.complaint().endswith("ValueError: http://cam/v")
