import os
import subprocess
import sys

import pytest

from lerecord.recording.priority import ask_for_realtime

SCHED_FIFO = getattr(os, "SCHED_FIFO", 1)
permitted = subprocess.run(
    [
        sys.executable,
        "-c",
        "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
    ],
    stderr=subprocess.DEVNULL,
    check=False,
)
needs_permission = pytest.mark.skipif(
    permitted.returncode != 0, reason="this user may not have real-time priority"
)

CHILD = "import os; print(os.sched_getscheduler(0))"


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


@needs_permission
def test_the_control_process_gets_it_and_its_children_do_not() -> None:
    seen = run(
        "import os, subprocess, sys\n"
        "from lerecord.recording.priority import ask_for_realtime\n"
        "print(ask_for_realtime(), os.sched_getscheduler(0) & 7, flush=True)\n"
        f"subprocess.run([sys.executable, '-c', {CHILD!r}])"
    )
    assert seen == ["True", str(SCHED_FIFO), "0"]


@needs_permission
def test_a_process_that_gave_it_up_cannot_get_it_nor_its_threads() -> None:
    seen = run(
        "import threading\n"
        "from lerecord.recording.priority import ask_for_realtime, give_up_realtime\n"
        "give_up_realtime()\n"
        "print(ask_for_realtime())\n"
        "thread = threading.Thread(target=lambda: print(ask_for_realtime()))\n"
        "thread.start(); thread.join()"
    )
    assert seen == ["False", "False"]


def test_where_it_is_not_permitted_it_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert ask_for_realtime() is False
