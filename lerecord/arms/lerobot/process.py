"""The process in which LeRobot drives an arm, seen from here: started, asked, ended."""

import json
import select
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from lerecord.arms.lerobot.peer import FAILED, HEAD
from lerecord.errors import ConfigError, DeviceError
from lerecord.motors import BusError, PortLostError
from lerecord.processes import environment
from lerecord.secrets import without_secrets

_PEER = Path(__file__).with_name("peer.py")
_CHUNK = 65536
_END_S = 0.3


class SilentError(BusError):
    """LeRobot did not answer in time; whatever it was asked, it may still do."""


class RefusedError(DeviceError):
    """LeRobot, or the plug-in, raised an error instead of an answer."""


class PluginProcess:
    """LeRobot's interpreter with one device in it; ended with `close`, or when nobody has it.

    Args:
        python: LeRobot's interpreter.
        arm: its name, for whoever lists processes.
        what: it is, for messages: "the main follower (koch_follower of LeRobot)".

    Raises:
        ConfigError: that interpreter cannot be run.
    """

    def __init__(self, python: str, arm: str, what: str) -> None:
        self._what = what
        self._subject = what[0].upper() + what[1:]
        self._channel, other = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        try:
            with other:
                self._process = subprocess.Popen(
                    [Path(python).expanduser(), "-P", _PEER, str(other.fileno()), arm],
                    env=environment(),
                    pass_fds=(other.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=self._errors,
                    stderr=self._errors,
                    start_new_session=True,  # Ctrl-C is for us
                )
        except (OSError, RuntimeError) as error:
            self._channel.close()
            self._errors.close()
            why = error.strerror if isinstance(error, OSError) else error
            raise ConfigError(
                f"{python} cannot be run ({why}); let python of {what} in the hardware config be "
                f"the interpreter of an environment with LeRobot."
            ) from error
        self._end = weakref.finalize(self, _ended, self._process, self._channel, self._errors)
        self._unread = b""
        self._number = 0
        self._open: int | None = None
        self.strays = 0
        """Answers that came after they were given up."""

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_busy(self) -> bool:
        """What it was asked last is neither answered nor given up for dead."""
        self._drain()
        return self._open is not None

    def ask(self, kind: bytes, content: bytes = b"") -> None:
        """Ask; `answer` has what comes of it. Nothing is asked of one that is busy.

        Raises:
            PortLostError: the process has ended.
        """
        self._number += 1
        self._open = self._number
        try:
            self._channel.sendall(HEAD.pack(kind, self._number, 0, len(content)) + content)
        except OSError as error:
            raise self._lost() from error

    def ask_json(self, kind: bytes, said: Mapping[str, Any]) -> None:
        """Ask with a JSON object."""
        self.ask(kind, json.dumps(said).encode())

    def ask_values(self, kind: bytes, values: Sequence[float]) -> None:
        """Ask with float64 values."""
        self.ask(kind, array("d", values).tobytes())

    def answer(self, timeout_s: float) -> tuple[bytes, int]:
        """The answer to what was asked last, and the tries that were made again for it.

        Raises:
            SilentError: it has not come in time.
            RefusedError: it is an error.
            PortLostError: the process has ended.
        """
        until = time.monotonic() + timeout_s
        while True:
            for kind, number, retries, content in self._heard():
                if number != self._open:
                    self.strays += 1
                    continue
                self._open = None
                if kind == FAILED:
                    raise self._refused(json.loads(content))
                return content, retries
            left_s = until - time.monotonic()
            if left_s <= 0 or not self._receive(left_s):
                raise SilentError(
                    f"{self._subject} did not answer within {timeout_s * 1000:.0f} ms: "
                    f"close what keeps this machine busy, and check the arm's cables."
                )

    def answer_json(self, timeout_s: float) -> dict[str, Any]:
        """The answer as a JSON object."""
        said: dict[str, Any] = json.loads(self.answer(timeout_s)[0])
        return said

    def close(self) -> None:
        """End it, also one that is stopped or hangs; the arm is left as it is."""
        self._end()

    def _heard(self) -> list[tuple[bytes, int, int, bytes]]:
        heard = []
        while len(self._unread) >= HEAD.size:
            kind, number, retries, size = HEAD.unpack_from(self._unread)
            end = HEAD.size + size
            if len(self._unread) < end:
                break
            heard.append((kind, number, retries, self._unread[HEAD.size : end]))
            self._unread = self._unread[end:]
        return heard

    def _receive(self, timeout_s: float) -> bool:
        """Wait for bytes; False when none came."""
        if not self._end.alive:
            raise self._lost()
        if not select.select([self._channel], [], [], timeout_s)[0]:
            return False
        try:
            data = self._channel.recv(_CHUNK)
        except OSError as error:
            raise self._lost() from error
        if not data:
            raise self._lost()
        self._unread += data
        return True

    def _drain(self) -> None:
        """Throw away answers that come too late."""
        while self._receive(0.0):
            pass
        for _, number, _, _ in self._heard():
            self.strays += 1
            if number == self._open:
                self._open = None

    def _lost(self) -> PortLostError:
        try:
            status = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            why = "has closed its end"
        else:
            told = self._last_words()
            why = f"was killed by {signal.Signals(-status).name}" if status < 0 else "has ended"
            why += f" ({told})" if told and status >= 0 else ""
        return PortLostError(f"The process of {self._what} {why}.")

    def _last_words(self) -> str:
        if self._errors.closed:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return without_secrets(next((each for each in reversed(lines) if each.strip()), ""))

    def _refused(self, said: Mapping[str, Any]) -> RefusedError:
        if said["asked"]:
            return RefusedError(
                f"{self._subject} asks a question, and nobody can answer it here: do "
                f"once with LeRobot's own commands what it asks for, such as its calibration."
            )
        return RefusedError(f"{self._subject} says: {without_secrets(said['error'])}")


def _ended(process: subprocess.Popen[bytes], channel: socket.socket, errors: IO[bytes]) -> None:
    channel.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    errors.close()
