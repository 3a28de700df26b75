"""Real-time priority for the control loop, where the system permits it."""

import os
import sys

_PRIORITY = 50


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
