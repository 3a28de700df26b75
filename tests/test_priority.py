import os
import subprocess
import sys

import pytest

from lerecord.priority import Realtime, after_all_others, ask_for_realtime, without_realtime

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
        "from lerecord.priority import Realtime, ask_for_realtime\n"
        "print(ask_for_realtime(Realtime.CONTROL), os.sched_getscheduler(0) & 7, flush=True)\n"
        f"subprocess.run([sys.executable, '-c', {CHILD!r}])"
    )
    assert seen == ["True", str(SCHED_FIFO), "0"]


@needs_permission
def test_work_without_it_cannot_get_it_nor_can_its_threads_but_the_caller_can() -> None:
    seen = run(
        "import threading\n"
        "from lerecord.priority import Realtime, ask_for_realtime, without_realtime\n"
        "def work():\n"
        "    print(ask_for_realtime(Realtime.CONTROL))\n"
        "    thread = threading.Thread(target=lambda: print(ask_for_realtime(Realtime.CONTROL)))\n"
        "    thread.start(); thread.join()\n"
        "    return 7\n"
        "print(without_realtime(work), ask_for_realtime(Realtime.CONTROL))\n"
    )
    assert seen == ["False", "False", "7", "True"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is lower")
def test_what_measures_others_runs_after_them_and_the_caller_does_not() -> None:
    def policy() -> int:
        return os.sched_getscheduler(0)

    assert after_all_others(policy) == os.SCHED_IDLE
    assert policy() == os.SCHED_OTHER


@needs_permission
def test_an_av1_encoder_does_not_get_it() -> None:
    seen = run(
        "import contextlib, os, pathlib, tempfile\n"
        "import numpy as np\n"
        "from av import VideoFrame\n"
        "from lerecord.dataset.video.encoder import FragmentedVideo\n"
        "from lerecord.dataset.format.spec import CameraSpec, VideoSettings\n"
        "folder = pathlib.Path(tempfile.mkdtemp())\n"
        "settings = VideoSettings(codec='av1')\n"
        "with FragmentedVideo(folder / 'v', CameraSpec('a', 320, 240), 30, settings) as video:\n"
        "    frame = VideoFrame.from_ndarray(np.zeros((360, 320), np.uint8), 'yuv420p')\n"
        "    for _ in range(5): video.encode(frame)\n"
        "    for thread in os.listdir('/proc/self/task'):\n"
        "        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile\n"
        "            print(os.sched_getscheduler(int(thread)))\n"
    )
    assert len(seen) > 5
    assert set(seen) == {"0"}


def test_an_error_of_the_work_is_the_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        without_realtime(lambda: 1 // 0)


def test_where_it_is_not_permitted_it_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert ask_for_realtime(Realtime.CONTROL) is False
