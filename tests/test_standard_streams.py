"""The command as it is started by others: streams closed, full, or in another encoding."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")


def shell(command: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-c", command.replace("LERECORD", LERECORD)],
        env={**os.environ, **environ},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_a_closed_stream_hurts_nothing(closed: str) -> None:
    done = shell(f"LERECORD --version {closed}")
    assert done.returncode == 0
    assert done.stderr == b""


def test_a_number_of_a_closed_stream_is_given_to_no_file() -> None:
    code = "from lerecord import standard_streams; standard_streams.repair(); "
    code += "print(open('/dev/zero').fileno() > 2, end='')"
    python = str(Path(LERECORD).parent / "python")
    assert shell(f'{python} -c "{code}" <&- 2>&-').stdout == b"True"


@pytest.mark.parametrize("command", ["--version", "--help"])
def test_a_full_disk_is_said_in_a_sentence(command: str) -> None:
    done = shell(f"LERECORD {command} >/dev/full")
    assert done.returncode == 1
    said = b"lerecord: stdout could not be written (No space left on device).\n"
    assert done.stderr == said


def test_a_reader_that_is_gone_is_no_error_of_ours() -> None:
    done = shell("(sleep 0.3; LERECORD --help) | true; exit ${PIPESTATUS[0]}")
    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.parametrize(
    "environ",
    [
        {"LC_ALL": "C"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_a_name_that_cannot_be_written_is_escaped(environ: dict[str, str]) -> None:
    done = shell("LERECORD info /no/wh\N{LATIN SMALL LETTER E WITH ACUTE}re", **environ)
    assert done.returncode == 2
    assert done.stderr.startswith(b"lerecord: /no/wh")
    assert b"Traceback" not in done.stderr
