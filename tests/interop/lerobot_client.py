"""LeRobot's arms from here: a process in LeRobot's environment, and the person at its prompts."""

import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ARMS = Path(__file__).with_name("lerobot_arms.py")
_IMPORTING_S = 120.0
_ANSWER_S = 60.0
_LOOK_AGAIN_S = 0.02
_CHUNK = 65536


class LeRobotError(Exception):
    """What LeRobot raised, or that it fell silent."""


class LeRobot:
    """LeRobot's own leader and follower; ends with the block.

    Args:
        python: interpreter of LeRobot's environment.
        environ: what is set beside this process's environment.
    """

    def __init__(self, python: str, environ: Mapping[str, str]) -> None:
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        # A file takes whatever it prints: a pipe that nobody empties would stop it.
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end of the block
        self._seen = 0
        self._process = subprocess.Popen(
            [python, "-u", str(_ARMS), str(commands), str(answers)],
            stdin=subprocess.PIPE,
            stdout=self._printed,
            stderr=subprocess.STDOUT,
            pass_fds=(commands, answers),
            env={**os.environ, "HF_HUB_OFFLINE": "1", **environ},
            bufsize=0,
        )
        os.close(commands)
        os.close(answers)
        self._unread = b""

    def make(self, arm: str, port: str, name: str, **options: object) -> None:
        """Make LeRobot's leader or follower at a port, with the id under which it calibrates.

        With `degrees` in the options it is an SO-101 arm, else a Koch.
        """
        self._send({"arm": arm, "port": port, "id": name, **options})
        self.answer(_IMPORTING_S)

    def call(self, arm: str, do: str, *arguments: object, **named: object) -> Any:
        """Call a method of the arm, or get an attribute; raises LeRobotError as LeRobot does."""
        self.begin(arm, do, *arguments, **named)
        return self.answer()

    def begin(self, arm: str, do: str, *arguments: object, **named: object) -> None:
        """Call a method that asks the person something on the way; `answer` has its value."""
        self._send({"arm": arm, "do": do, "arguments": arguments, "named": named})

    def answer(self, timeout_s: float = _ANSWER_S) -> Any:
        """Wait for the value of what was begun."""
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._unread:
            if not self._answered(deadline - time.monotonic()):
                raise LeRobotError(f"no answer; it printed {self._said()[-500:]!r}")
            data = os.read(self._answers, _CHUNK)
            if not data:
                raise LeRobotError(f"it ended; it printed {self._said()[-500:]!r}")
            self._unread += data
        line, self._unread = self._unread.split(b"\n", 1)
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise LeRobotError(said["error"])
        return said["value"]

    def wait_for_prompt(self, words: str) -> None:
        """Wait until LeRobot has printed these words, after those that were waited for before."""
        deadline = time.monotonic() + _ANSWER_S
        while (place := self._said().find(words)) < 0:
            if self._answered(_LOOK_AGAIN_S):
                raise LeRobotError(f"it went on without asking to {words!r}: {self.answer()}")
            if time.monotonic() > deadline:
                raise LeRobotError(f"it never asked to {words!r}: {self._said()[-500:]!r}")
        self._seen += place + len(words)

    def press_enter(self) -> None:
        """Answer a prompt with an empty line."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    def __enter__(self) -> "LeRobot":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._commands)
        os.close(self._answers)
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_ANSWER_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._printed.close()

    def _send(self, message: Mapping[str, Any]) -> None:
        os.write(self._commands, json.dumps(message).encode() + b"\n")

    def _answered(self, timeout_s: float) -> bool:
        return bool(select.select([self._answers], [], [], max(timeout_s, 0.0))[0])

    def _said(self) -> str:
        """What it printed after the last words that were waited for."""
        size = os.fstat(self._printed.fileno()).st_size
        data = os.pread(self._printed.fileno(), size, 0).decode("ascii", "replace")
        return data[self._seen :]
