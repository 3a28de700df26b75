import contextlib
import os
import pty
import select
import signal
import termios
from collections.abc import Iterator

import pytest

from lerecord.ui.terminal import has_cursor, in_background, never_stopped_by_it
from lerecord.ui.terminal.terminal import KeyMode


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    master, slave = pty.openpty()
    yield master, slave
    for descriptor in (master, slave):
        os.close(descriptor)


@pytest.mark.parametrize(
    ("environ", "cursor"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": ""}, False), ({}, False)],
)
def test_which_terminals_show_a_screen(environ: dict[str, str], cursor: bool) -> None:
    assert has_cursor(environ) is cursor


def test_a_key_comes_at_once_and_a_read_never_waits(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    before = termios.tcgetattr(slave)
    os.write(master, b"typed ahead")
    with KeyMode(slave) as mode:
        assert os.read(slave, 10) == b""
        os.write(master, b"q\x13")
        assert os.read(slave, 10) == b"q\x13"  # Ctrl-S is a key, and does not stop the output
        assert mode.is_ours()
        os.write(master, b"typed behind")
    assert termios.tcgetattr(slave) == before
    assert select.select([slave], [], [], 0)[0] == []


def test_the_mode_is_set_anew_where_a_shell_has_changed_it(terminal: tuple[int, int]) -> None:
    _, slave = terminal
    before = termios.tcgetattr(slave)
    with KeyMode(slave) as mode:
        ours = termios.tcgetattr(slave)
        termios.tcsetattr(slave, termios.TCSANOW, before)
        assert mode.is_ours()
        assert termios.tcgetattr(slave) == ours


def test_neither_end_waits_for_output_that_nobody_takes(terminal: tuple[int, int]) -> None:
    _, slave = terminal
    os.set_blocking(slave, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(slave, b"x" * 4096)
    with KeyMode(slave):
        pass


def test_a_terminal_that_is_gone_is_left_quietly() -> None:
    master, slave = pty.openpty()
    with KeyMode(slave) as mode:
        os.close(master)
        assert mode.is_ours()
    os.close(slave)


def test_a_job_in_the_background_reads_no_keys_and_is_not_stopped(
    terminal: tuple[int, int],
) -> None:
    """A session leader with the terminal, a job of it in the background, which tells by status."""
    master, slave = terminal
    leader = os.fork()
    if leader == 0:
        os.setsid()
        os.close(os.open(os.ttyname(slave), os.O_RDWR))  # it controls this session now
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            with never_stopped_by_it():
                try:
                    os.read(slave, 1)
                except OSError:
                    os._exit(7 if in_background(slave) else 8)
            os._exit(9)
        _, status = os.waitpid(job, os.WUNTRACED)
        os._exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1)
    os.write(master, b"q\n")
    _, status = os.waitpid(leader, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    assert not in_background(slave)  # it controls no job of this process
    assert signal.getsignal(signal.SIGTTIN) is not signal.SIG_IGN
