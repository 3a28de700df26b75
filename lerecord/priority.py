"""Who runs first: the control loop before everything, encoders after all others."""

import ctypes
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from typing import TypeVar

_CAP_SYS_NICE = 23  # linux/capability.h
_CAPABILITY_VERSION_3 = 0x20080522

_T = TypeVar("_T")


class Realtime(IntEnum):
    """Priorities of those whom a busy machine must not delay; simulated devices are among them."""

    CONTROL = 50
    SIMULATED_SERVOS = 40
    PLUGIN = 35
    """Of a process that drives an arm for us; below the servos, for which it may spin."""
    SIMULATED_CAMERA = 30
    CAPTURE = 20
    """Of the threads that stamp images with the time at which they came."""


HOW_TO_PERMIT = (
    f"add the line `<user> - rtprio {Realtime.CONTROL}` to /etc/security/limits.conf and log in "
    f"again"
)


def ask_for_realtime(priority: Realtime, pid: int = 0) -> bool:
    """Ask for SCHED_FIFO for this thread, or a process's first; False when it is not permitted.

    With it a thread is on time also on a busy machine. Children do not inherit it.
    """
    if sys.platform != "linux":
        return False
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(pid, policy, os.sched_param(priority))
    except (PermissionError, ProcessLookupError):
        return False
    return True


def without_realtime(work: Callable[[], _T]) -> _T:
    """Do the work in a thread that may not get real-time priority, nor may any that it starts.

    SVT-AV1, opened where it may, gives SCHED_FIFO 99 to the calling thread and to dozens of its
    own, before which even the control loop has to wait. Root may, through CAP_SYS_NICE.
    """
    with ThreadPoolExecutor(1, initializer=_give_up_nice_capability) as thread:
        return thread.submit(work).result()


def _give_up_nice_capability() -> None:
    """Drop CAP_SYS_NICE of this thread; threads that it starts inherit that."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then their upper halves
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget failed")
    for place in (0, 1):
        sets[place] &= ~(1 << _CAP_SYS_NICE)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset failed")


def after_all_others(work: Callable[[], _T]) -> _T:
    """Do the work in a thread that runs when nobody else wants to, as what measures others must."""
    with ThreadPoolExecutor(1, initializer=_become_idle) as thread:
        return thread.submit(work).result()


def _become_idle() -> None:
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
