"""Readers of a mailbox that are killed at any moment, and one that is stopped, for tests."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ROUNDS = """
import os, signal, sys, time
from lerecord.processes import MailboxReader

descriptor, rounds = int(sys.argv[1]), int(sys.argv[2])

def read_for_ever():
    reader, last = MailboxReader(descriptor), -1.0
    while True:
        image = reader.newest()
        if image is not None:
            assert {check}, image.sequence
            assert image.captured_at >= last
            last = image.captured_at

def started():
    if pid := os.fork():
        return pid
    try:
        read_for_ever()
    finally:
        os._exit(1)

stopped = started()
for number in range(rounds):
    readers = [started() for _ in range(4)]
    time.sleep(0.01 + number % 7 / 500)
    if number == 0:
        os.kill(stopped, signal.SIGSTOP)
    for reader in readers:
        os.kill(reader, signal.SIGKILL)
    assert [os.waitpid(reader, 0)[1] for reader in readers] == [signal.SIGKILL] * 4
os.kill(stopped, signal.SIGKILL)
os.waitpid(stopped, 0)
"""


@contextmanager
def readers_killed(descriptor: int, rounds: int, check: str) -> Iterator[subprocess.Popen[bytes]]:
    """Four readers at a time, killed and started again so often, beside one that is stopped.

    Args:
        descriptor: of the mailbox.
        rounds: after so many it ends; with status 0 when no reader ended by itself.
        check: what must hold for each `image` that they read, as an expression.
    """
    command = [sys.executable, "-c", _ROUNDS.format(check=check), str(descriptor), str(rounds)]
    process = subprocess.Popen(command, pass_fds=[descriptor], stderr=subprocess.PIPE)
    with process:
        yield process
        errors = process.stderr.read() if process.stderr is not None else b""
    assert (process.returncode, errors) == (0, b"")
