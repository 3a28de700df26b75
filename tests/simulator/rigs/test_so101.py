from pathlib import Path
from typing import Any

import pytest

from lerecord.simulator.rigs import JOINTS, REST, RIGS, calibration_json, so101
from lerecord.simulator.scene import World

CALIBRATION = Path(__file__).parents[3] / "hardware_configs" / "calibration"
ARMS: Any = {"leader": so101.leader, "follower": so101.follower}


@pytest.mark.parametrize("name", ARMS)
def test_the_calibration_file_is_that_of_the_arm(name: str) -> None:
    written = (CALIBRATION / f"sim_so101_{name}.json").read_text()
    assert written == calibration_json(ARMS[name]())


@pytest.mark.parametrize("name", ARMS)
def test_calibrated_every_joint_is_in_the_turn_and_in_the_middle_where_it_was_homed(
    name: str,
) -> None:
    arm = ARMS[name]()
    arm.calibrate()
    for joint, mount, servo, held in zip(
        JOINTS, arm.mounts, arm.servos, arm.calibration().values(), strict=True
    ):
        servo.shaft = mount.shaft(mount.homed)
        assert servo.position == pytest.approx(2047, abs=1), joint
        assert 0 <= held.range_min < held.range_max <= 4095
        assert (held.range_max - held.range_min == 4095) == (joint == "wrist_roll")
        for end, counts in ((mount.low, held.range_min), (mount.high, held.range_max)):
            servo.shaft = mount.shaft(end)
            if joint != "wrist_roll":
                assert servo.position == pytest.approx(counts, abs=1), joint
        assert servo.value("Homing_Offset") == held.homing_offset
        assert held.drive_mode == 0


def test_what_calibrating_left_outlives_a_power_cut() -> None:
    arm = so101.follower()
    arm.calibrate()
    before = [servo.value("Homing_Offset") for servo in arm.servos]
    for servo in arm.servos:
        servo.advance(0.0)
        servo.advance(10.0)
        servo.reboot()
    assert [servo.value("Homing_Offset") for servo in arm.servos] == before


def test_a_follower_sinks_to_rest_when_nothing_holds_it() -> None:
    arm = so101.follower()
    arm.servos[1].shaft += 500.0
    for tick in range(300):
        for servo in arm.servos:
            servo.advance(tick / 100)
    assert arm.pose() == pytest.approx(REST)


def test_every_pair_makes_a_world() -> None:
    for rig in RIGS.values():
        world = World(1, rig)
        world.advance(0.0)
        assert len(world.follower.servos) == len(world.leader.servos) == len(JOINTS)
