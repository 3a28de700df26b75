"""Child processes that speak JSON lines over their stdin and stdout.

A child is `python -P -m lerecord` with a word that says which: never forked, and in a session of
its own, so that a Ctrl-C in the terminal reaches the parent alone, who decides. It ends when its
stdin ends, so a killed parent leaves nothing behind. Its own end is `parent`.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import IO, Any

from lerecord.errors import LerecordError
from lerecord.processes.starting import child_command, environment
from lerecord.secrets import without_secrets

Message = Mapping[str, Any]

CHUNK = 65536
_BACKLOG_LIMIT = 4 << 20
_ENCODER = json.JSONEncoder(separators=(",", ":"))


class ChildProcess:
    """The parent's end: sends and polls without ever waiting.

    What the pipe does not take at once is kept and sent with the next call. A child that ends by
    itself is told by `running`; the end of its stderr by `complaint`.

    Args:
        name: of the child, as `python -m lerecord` knows it.
        arguments: that its `main` takes.
        inherits: descriptors that it gets, under the same numbers.
        variables: of its environment, beside those that every child gets; a secret is safe there.
        command: makes the command line of the name.
    """

    def __init__(
        self,
        name: str,
        *arguments: str,
        inherits: tuple[int, ...] = (),
        variables: Mapping[str, str] = MappingProxyType({}),
        command: Callable[[str], list[str]] = child_command,
    ) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            [*command(name), *arguments],
            env=environment() | dict(variables),
            pass_fds=inherits,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
            bufsize=0,
        )
        self._unsent = bytearray()
        self._offered = b""
        self._unread = b""
        self._kept: list[Message] = []
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        os.set_blocking(self._process.stdout.fileno(), False)

    @property
    def pid(self) -> int:
        """Process id, for whoever measures it."""
        return self._process.pid

    def fileno(self) -> int:
        """The descriptor on which its messages arrive, for select."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    @property
    def running(self) -> bool:
        """False once the child has ended."""
        return self._process.poll() is None

    def send(self, message: Message) -> None:
        """Hand a message over; never waits."""
        self._unsent += as_line(message)
        self._flush()
        if len(self._unsent) > _BACKLOG_LIMIT:
            raise LerecordError(
                f"The {self.name} process no longer accepts messages; the take was ended and "
                f"is kept."
            )

    def offer(self, message: Message) -> None:
        """Hand over what the next one replaces; never waits, and keeps no backlog.

        A child that was too slow for several gets the last of them.
        """
        self._offered = as_line(message)
        self._flush()

    def poll(self) -> list[Message]:
        """The messages that have arrived since the last call, oldest first; never waits."""
        self._flush()
        assert self._process.stdout is not None
        data = self._unread
        while chunk := self._read_chunk(self._process.stdout):
            data += chunk
        *lines, self._unread = data.split(b"\n")
        messages = [*self._kept, *map(self._message, lines)]
        self._kept.clear()
        return messages

    def wait_for(
        self, event: str, timeout_s: float, meanwhile: Callable[[], object] = lambda: None
    ) -> Message:
        """Wait until the child says `event`, and keep what it said after; never for the loop.

        Args:
            event: what is waited for.
            timeout_s: how long.
            meanwhile: called again and again, for those who must be heard in the meantime.

        Raises:
            LerecordError: the child said `error`, ended, or said nothing in time.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            running = self.running
            messages = self.poll()
            for place, message in enumerate(messages):
                if message["event"] == "error":
                    raise LerecordError(without_secrets(message["message"]))
                if message["event"] == event:
                    self._kept = messages[place + 1 :]
                    return message
            if not running:
                raise LerecordError(
                    f"The {self.name} process has ended unexpectedly. {self.complaint()}"
                )
            if time.monotonic() > deadline:
                raise LerecordError(
                    f"The {self.name} process did not answer within {timeout_s:g} s; try once "
                    f"more, and look for what else uses this machine when it happens again."
                )
            meanwhile()
            time.sleep(0.002)

    def end_input(self) -> None:
        """Tell the child that nothing more will come; it finishes and ends."""
        stdin = self._process.stdin
        assert stdin is not None
        if not stdin.closed:
            self._flush()
            stdin.close()

    def close(self, timeout_s: float = 5.0) -> None:
        """End the child: by the end of its input, and by force after the timeout."""
        self.end_input()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()

    def complaint(self) -> str:
        """What the child wrote to stderr, without surrounding blanks and without secrets."""
        self._errors.seek(0)
        return without_secrets(self._errors.read().decode(errors="replace").strip())

    def last_words(self) -> str:
        """The last line of its complaint; `no message` where there is none."""
        return (self.complaint().splitlines() or ["no message"])[-1]

    def __enter__(self) -> "ChildProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _flush(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        while self._unsent or self._offered:
            if not self._unsent:  # a line that was begun is finished first
                self._unsent += self._offered
                self._offered = b""
            try:
                sent = stdin.write(self._unsent)
            except BrokenPipeError:
                self._unsent.clear()  # it has ended; `running` says so
                self._offered = b""
                return
            if not sent:
                return
            del self._unsent[:sent]

    def _message(self, line: bytes) -> Message:
        try:
            message: Message = json.loads(line)
        except ValueError as error:
            raise LerecordError(
                f"The {self.name} process said {line[:40]!r}, which is no message of lerecord's: "
                f"end what else writes to its stdout, or report this."
            ) from error
        return message

    @staticmethod
    def _read_chunk(stream: IO[bytes]) -> bytes:
        return stream.read(CHUNK) or b""


def as_line(message: Message) -> bytes:
    """A message as it goes over the pipe."""
    return _ENCODER.encode(message).encode() + b"\n"
