"""Who runs first: the control loop before everything, encoders after it."""

import ctypes
import os
import sys

_PRIORITY = 50
_CAP_SYS_NICE = 23  # linux/capability.h
_CAPABILITY_VERSION_3 = 0x20080522


def ask_for_realtime() -> bool:
    """Ask for SCHED_FIFO, which children do not inherit; False when it is not permitted.

    With it the loop is on time also on a busy machine. To permit it to a user, add the line
    `<user> - rtprio 50` to /etc/security/limits.conf and log in again.
    """
    if sys.platform != "linux":
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(_PRIORITY))
    except PermissionError:
        return False
    return True


def give_up_realtime() -> None:
    """Let neither this thread nor those it starts ever get real-time priority.

    SVT-AV1, where it may, starts dozens of threads with the highest one, before which even the
    control loop has to wait. Root may through CAP_SYS_NICE; others through a limit.
    """
    if sys.platform != "linux":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then their upper halves
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget failed")
    for place in (0, 1):
        sets[place] &= ~(1 << _CAP_SYS_NICE)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset failed")
