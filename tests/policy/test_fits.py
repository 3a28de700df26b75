import pytest

from lerecord.config import CameraConfig
from lerecord.policy import CameraInput, PolicyFeatures, misfits
from tests.live import SETUP

JOINTS = ("pan.pos", "lift.pos", "gripper.pos")
CAMERA = CameraConfig(device="0", width=640, height=480, fps=30)
CONFIG = SETUP.config.model_copy(update={"cameras": {"front": CAMERA, "wrist": CAMERA}})


def features(**changed: object) -> PolicyFeatures:
    cameras = (CameraInput("front", 64, 48), CameraInput("wrist", 64, 48))
    made: dict[str, object] = {"joints": JOINTS, "fps": 30, "horizon": 50, "cameras": cameras}
    return PolicyFeatures(**made | changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("units", [None, CONFIG.units])
def test_a_policy_that_was_made_for_the_rig_fits(units: str | None) -> None:
    assert misfits(features(units=units), JOINTS, CONFIG, {}) == []
    assert misfits(features(cameras=()), JOINTS, CONFIG, {}) == []


def test_every_difference_is_named() -> None:
    other = features(
        joints=("pan.pos", "elbow.pos", "gripper.pos"),
        fps=50,
        units="degrees",
        cameras=(CameraInput("top", 64, 48), CameraInput("wrist", 64, 48)),
    )
    assert misfits(other, JOINTS, CONFIG, {}) == [
        "It moves elbow.pos, which the rig has not.",
        "The rig has lift.pos, which it does not move.",
        "Its actions are for 50 fps, and the config has 30.",
        "It speaks in degrees units, and the config in normalized.",
        "It looks through top, and the rig has front, wrist; `--rename front=top` gives one.",
    ]


def test_joints_in_another_order_do_not_fit() -> None:
    assert misfits(features(joints=JOINTS[::-1]), JOINTS, CONFIG, {}) == [
        "It has the joints in another order: gripper.pos, lift.pos, pan.pos."
    ]


def test_a_camera_can_be_renamed_for_the_policy() -> None:
    top = features(cameras=(CameraInput("top", 64, 48),))
    assert misfits(top, JOINTS, CONFIG, {"front": "top"}) == []
    assert misfits(top, JOINTS, CONFIG, {"side": "top"}) == [
        "--rename names side, and the rig's cameras are front, wrist.",
        "It looks through top, and the rig has front, wrist; `--rename front=top` gives one.",
    ]
