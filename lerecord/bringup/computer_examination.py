"""What a recorder needs of the computer: to be on time, and a disk that keeps up."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lerecord.bringup.finding import Finding
from lerecord.bringup.port_examination import System, meddlers
from lerecord.priority import HOW_TO_PERMIT, Realtime, ask_for_realtime

_SUBJECT = "this computer"
_BLOCK = 4 << 20
_BLOCKS = 8
_SLOW_MB_S = 20.0  # eight cameras write 5
_GOOD_CLOCKS = frozenset({"tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page"})


def examined_computer(folder: Path, system: System | None = None) -> Iterator[Finding]:
    """Everything but the devices.

    Args:
        folder: on the disk that datasets are written to.
        system: where Linux tells of itself.
    """
    system = System() if system is None else system
    yield _realtime()
    yield from _clock(system)
    yield from _disk(folder)
    yield from meddlers(system)


def _realtime() -> Finding:
    with ThreadPoolExecutor(1) as thread:  # priority is the thread's
        permitted = thread.submit(ask_for_realtime, Realtime.CONTROL).result()
    if permitted or sys.platform != "linux":
        return Finding(_SUBJECT, "the control loop may have real-time priority")
    return Finding(_SUBJECT, "the control loop may not have real-time priority", HOW_TO_PERMIT)


def _clock(system: System) -> Iterator[Finding]:
    place = system.sys / "devices/system/clocksource/clocksource0/current_clocksource"
    try:
        name = place.read_text().strip()
    except OSError:
        return
    if name in _GOOD_CLOCKS:
        yield Finding(_SUBJECT, f"its clock is {name}")
    else:
        yield Finding(
            _SUBJECT,
            f"its clock is {name}, which is slow to read",
            "see whether the kernel log says why tsc was given up (sudo dmesg | grep -i tsc)",
        )


def _disk(folder: Path) -> Iterator[Finding]:
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".lerecord-doctor-") as file:
            block = os.urandom(_BLOCK)
            before = time.monotonic()
            for _ in range(_BLOCKS):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
            mb_s = _BLOCK * _BLOCKS / 1e6 / (time.monotonic() - before)
    except OSError as error:
        yield Finding(
            _SUBJECT,
            f"nothing can be written to {folder} ({error.strerror})",
            "record elsewhere with --dataset",
        )
        return
    slow = mb_s < _SLOW_MB_S
    remedy = "record to another disk with --dataset" if slow else None
    yield Finding(_SUBJECT, f"the disk of {folder} takes {mb_s:.0f} MB a second", remedy)
