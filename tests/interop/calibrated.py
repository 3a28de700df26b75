"""What both LeRobot scenes share: names, LeRobot's prompts, the packaged calibrations."""

from collections.abc import Mapping
from types import MappingProxyType

from lerecord.arms import ArmSettings, Calibration, calibration, koch
from tests.interop.rig import CALIBRATIONS
from tests.interop.teleoperation import OwnPair

NAME = "interop"
DRIVERS: Mapping[str, type[koch.Leader] | type[koch.Follower]] = MappingProxyType(
    {"leader": koch.Leader, "follower": koch.Follower}
)
FOLDERS = {"leader": "teleoperators/koch_leader", "follower": "robots/koch_follower"}
MIDDLE = "to the middle of its range of motion and press ENTER"
RANGES = "Press ENTER to stop..."
USE_FILE = "Press ENTER to use provided calibration file"


def packaged(arm: str) -> Calibration:
    return calibration.load(CALIBRATIONS / f"sim_{arm}.json", DRIVERS[arm].motors)


def own_pair(
    ports: Mapping[str, str], calibrations: Mapping[str, Calibration], write: bool = False
) -> OwnPair:
    """lerecord's arms; `write` lets them change what servos of another calibration hold."""

    def settings(arm: str) -> ArmSettings:
        return ArmSettings(arm, ports[arm], write_calibration=write)

    return OwnPair(
        koch.Leader(settings("leader"), calibrations["leader"], "normalized"),
        koch.Follower(settings("follower"), calibrations["follower"], "normalized"),
    )
