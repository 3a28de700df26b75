"""Stdin, stdout and stderr as whoever started this process left them: closed, full, not UTF-8."""

import contextlib
import io
import os
import sys
from typing import BinaryIO, cast

_NAMES = ("stdin", "stdout", "stderr")


class OutputLostError(OSError):
    """Stdout takes nothing any more: its disk is full, or its reader is gone."""


def repair() -> None:
    """Make all three usable; to be called before anything is opened.

    One that is closed becomes /dev/null: the next file or port that is opened would otherwise take
    its number, and get what a child writes to stderr. A character that the encoding lacks is
    written as an escape instead of ending the program.
    """
    for number, name in enumerate(_NAMES):
        if not _is_open(number):
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        raw = _Stdout(sys.stdout.fileno(), "w", closefd=False)
        unbuffered = sys.stdout.write_through  # `python -u`
        sys.stdout = io.TextIOWrapper(
            cast("BinaryIO", raw) if unbuffered else io.BufferedWriter(raw),
            encoding=sys.stdout.encoding,
            errors="backslashreplace",
            line_buffering=sys.stdout.line_buffering,
            write_through=unbuffered,
        )


def give_up() -> None:
    """Throw away what stdout did not take, so that the interpreter does not stumble over it."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
    with contextlib.suppress(OSError):
        sys.stdout.flush()


class _Stdout(io.FileIO):
    """Tells its own failures from those of every other file."""

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as failure:
            raise OutputLostError(failure.errno, failure.strerror) from failure


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
