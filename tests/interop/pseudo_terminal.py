"""lerecord in a terminal, as a person has it: what it shows is read, keys are pressed."""

import fcntl
import os
import pty
import subprocess
import sysconfig
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")
_PATIENCE_S = 90.0


class PseudoTerminal:
    """One command in a terminal of 80 by 24 that is its controlling one; ends with the block.

    Args:
        arguments: of lerecord.
        environ: what is set beside this process's environment.
        folder: that it runs in.
    """

    def __init__(self, *arguments: str, environ: Mapping[str, str], folder: Path) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.process = subprocess.Popen(
            [LERECORD, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", **environ},
            start_new_session=True,
            preexec_fn=_control_terminal,  # noqa: PLW1509 - the other threads only serve and read terminals
        )
        os.close(slave)
        self._shown = ""
        self._more = threading.Condition()
        self._at_end = False
        threading.Thread(target=self._read, daemon=True).start()

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def enter(self) -> None:
        self.press("\r")

    def wait_for(self, *texts: str) -> str:
        """Wait until one of the texts is shown after all that was waited for before; which one."""
        with self._more:
            self._more.wait_for(lambda: self._found(texts) or self._at_end, _PATIENCE_S)
            found = self._found(texts)
            if not found:
                raise AssertionError(f"{texts} are not shown, but {self._shown[-1500:]!r}")
            place, text = min(found)
            self._shown = self._shown[place + len(text) :]
            return text

    def _found(self, texts: Sequence[str]) -> list[tuple[int, str]]:
        return [(self._shown.index(text), text) for text in texts if text in self._shown]

    def end(self) -> tuple[int, str]:
        """Its exit status, and what it has shown since."""
        status = self.process.wait(_PATIENCE_S)
        with self._more:
            self._more.wait_for(lambda: self._at_end, _PATIENCE_S)
            return status, self._shown

    def _read(self) -> None:
        """Whatever it shows, as it comes: a terminal that is not read would hold it up."""
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the last of it has closed the terminal
                data = b""
            with self._more:
                self._shown += data.decode(errors="replace").replace("\r\n", "\n")
                self._at_end = not data
                self._more.notify_all()
            if not data:
                return

    def __enter__(self) -> "PseudoTerminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)


def _control_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
