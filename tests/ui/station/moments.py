"""A moment of a session, for tests of its page."""

from dataclasses import replace
from typing import Any

from lerecord.recording.recorder import CameraView
from lerecord.recording.session import Order, Phase, TaskCount
from lerecord.ui.snapshot import JointView, QueueView, Snapshot
from lerecord.ui.station import TakeView
from tests.ui.example import EXAMPLE

TAKE = TakeView(2, False, 7.1, 213, 0, 4, ("Camera front gave the same image again.",), True)

_SNAPSHOT = replace(
    EXAMPLE,
    phase=Phase.RESETTING,
    simulated=True,
    episode=3,
    saved=3,
    elapsed_s=1.5,
    limit_s=None,
    rows=0,
    cameras=(CameraView("front", 30.0, 0.02, 0),),
    joints=(JointView("gripper", float("nan"), 12.5, 0.0, 100.0),),
    saving=0,
    saves=3,
)


QUEUE = QueueView(
    (TaskCount("Grab the paper box", 20, 12), TaskCount("Push the cup", 10)),
    Order.IN_ORDER,
    "Grab the paper box",
)


def snapshot(**changes: Any) -> Snapshot:
    return replace(_SNAPSHOT, **changes)
