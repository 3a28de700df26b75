"""The example of a session's moment that tests and pictures of screens and pages begin with."""

from lerecord.recording.recorder import CameraView
from lerecord.recording.session import Phase
from lerecord.ui.snapshot import JointView, Snapshot

EXAMPLE = Snapshot(
    phase=Phase.RECORDING,
    task="Grab the paper box",
    dataset="datasets/koch",
    robot="koch",
    simulated=False,
    episode=12,
    replaces=False,
    saved=2,
    episodes=10,
    elapsed_s=83.4,
    limit_s=90.0,
    rows=2502,
    rate_hz=30.0,
    fps=30,
    lateness_p99_s=0.0002,
    missed=0,
    cameras=(CameraView("front", 30.01, 0.021, 0), CameraView("wrist", None, 0.8, 40)),
    joints=(
        JointView("shoulder_pan", -34.2, -33.9, -100.0, 100.0),
        JointView("gripper", 80.0, 12.0, 0.0, 100.0),
    ),
    disk_free_bytes=72_000_000_000,
    saving=1,
    notice="",
    saves=2,
)
"""A take of a real arm runs, the one before it is being saved."""
