import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from typing import TextIO

import pytest

from lerecord.printable import print_line
from lerecord.ui.terminal import never_waiting
from lerecord.ui.terminal.output import Output

TEXT = "".join(f"{number} € and so on\n" for number in range(20_000))  # more than any buffer


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    reader, writer = os.pipe()
    with open(writer, "w", encoding="utf-8") as stream:  # noqa: PTH123
        yield reader, stream
    os.close(reader)


def read(descriptor: int, length: int) -> bytes:
    data = b""
    while len(data) < length and (more := os.read(descriptor, 65536)):
        data += more
    return data


def test_everything_comes_out_in_order(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    output = Output(stream)
    for line in TEXT.splitlines(keepends=True)[:9000]:
        output.write(line)
    expected = "".join(TEXT.splitlines(keepends=True)[:9000]).encode()
    assert read(reader, len(expected)) == expected
    output.finish()


def test_a_pipe_that_nobody_reads_keeps_nobody_waiting(pipe: tuple[int, TextIO]) -> None:
    _, stream = pipe
    output = Output(stream, patience_s=0.01)
    for _ in range(20):
        output.write(TEXT)  # a write that waited would hang here for ever
    output.finish()
    assert output.failure is None


def test_a_reader_that_is_gone_is_told_by_failure_alone(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    output = Output(stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), reader)  # the pipe has no reader any more
    output.write(TEXT)
    output.finish()
    output.write("more")
    assert output.failure == "Broken pipe"


def test_a_full_disk_is_told_by_failure_alone() -> None:
    with open("/dev/full", "w", encoding="utf-8") as stream:  # noqa: PTH123
        output = Output(stream)
        output.write("lost")
        output.finish()
    assert output.failure == "No space left on device"


def test_a_character_that_the_terminal_lacks_is_written_as_its_escape() -> None:
    reader, writer = os.pipe()
    with open(writer, "w", encoding="ascii") as stream:  # noqa: PTH123
        output = Output(stream)
        output.write("10 \N{EURO SIGN}\udcff\n")
        output.finish()
    assert read(reader, 15) == b"10 \\u20ac\\udcff\n"
    os.close(reader)


def test_a_terminal_that_stood_still_gets_the_rest_when_it_goes_on() -> None:
    master, slave = pty.openpty()
    with open(slave, "w", encoding="utf-8") as stream:  # noqa: PTH123
        output = Output(stream, patience_s=0.05)
        output.write("x" * 20_000)  # a terminal takes some 4 kB when nobody reads
        output.write("\nthe last words")
        output.finish()
        shown = b""
        while b"the last words" not in shown:
            shown += os.read(master, 4096)
        assert output.successor is not None
        assert output.successor.wait(10) == 0
    os.close(master)


def test_what_is_printed_in_the_block_goes_that_way(capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "import sys\n"
        "from lerecord.printable import print_line\n"
        "from lerecord.ui.terminal.output import never_waiting\n"
        "with never_waiting():\n"
        "    for _ in range(100_000): print_line('to nobody')\n"
        "    print_line('to somebody', sys.stderr)\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, check=True
    )
    os.close(writer)
    said = ["lerecord: stdout could not be written (Broken pipe).", "to somebody"]
    assert sorted(done.stderr.splitlines()) == said
    before = sys.stdout, sys.stderr
    with never_waiting():
        print_line("seen")
    assert (sys.stdout, sys.stderr) == before
    assert capfd.readouterr().out == "seen\n"
