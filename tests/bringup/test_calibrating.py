from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from lerecord.arms import ArmSettings, Calibration
from lerecord.bringup import Ranges
from lerecord.errors import DeviceError

STEPS = 2


def sweep(bench: Any, ranges: Ranges, share: float = 1.0) -> None:
    """Move every joint from end to end, or through a share of it; each look at a small step."""
    for at, ends in enumerate(bench.ends):
        if ends is None:
            continue
        for end in ends:
            for step in range(STEPS + 1):
                pose = list(bench.homed)
                pose[at] += (end - pose[at]) * share * step / STEPS
                bench.move(pose)
                ranges.see(bench.arm.shafts())
    bench.move(bench.homed)
    ranges.see(bench.arm.shafts())


def calibrated(bench: Any) -> Calibration:
    bench.move(bench.homed)
    bench.arm.open()
    middle, ranges = bench.arm.ranges()
    sweep(bench, ranges)
    assert bench.arm.judged(ranges) == []
    calibration: Calibration = bench.arm.calibration(middle, ranges, "a.json")
    return calibration


def near(found: Calibration, truth: dict[str, Any]) -> None:
    """Homing offsets may differ by whole turns, all else by the rounding of a count or two."""
    for name, joint in found.joints.items():
        due = asdict(truth[name])
        assert (joint.id, joint.drive_mode) == (due["id"], due["drive_mode"])
        assert (joint.homing_offset - due["homing_offset"] + 2) % 4096 <= 4, name
        assert abs(joint.range_min - due["range_min"]) <= 2, name
        assert abs(joint.range_max - due["range_max"]) <= 2, name


def test_a_fresh_arm_gets_the_calibration_of_lerobots_procedure(bench: Any) -> None:
    near(calibrated(bench), bench.truth)


def test_nothing_is_written_before_all_of_it_is_known(bench: Any) -> None:
    before = [servo.value("Homing_Offset") for servo in bench.servos]
    calibrated(bench)
    bench.arm.close()
    assert [servo.value("Homing_Offset") for servo in bench.servos] == before
    assert not any(servo.torque for servo in bench.servos)


def test_an_arm_that_was_calibrated_before_gets_the_same_again(bench: Any) -> None:
    first = calibrated(bench)
    bench.arm.write(first)
    bench.arm.close()
    again = calibrated(bench)
    near(again, dict(first.joints))


def test_what_was_written_is_accepted_when_the_arm_connects(bench: Any) -> None:
    found = calibrated(bench)
    bench.arm.write(found)
    bench.arm.close()
    assert not any(servo.torque for servo in bench.servos)
    arm = bench.driver(ArmSettings("main arm", "lockstep"), found, "normalized", bench.bus)
    arm.examine()
    arm.connect()
    bounded = [at for at, ends in enumerate(bench.ends) if ends is not None]
    assert np.abs(arm.read()[bounded]).max() < 100
    arm.disconnect()


def test_a_joint_that_did_not_move_is_named(bench: Any) -> None:
    bench.move(bench.homed)
    bench.arm.open()
    _, ranges = bench.arm.ranges()
    sweep(bench, ranges, share=0.05)
    found = bench.arm.judged(ranges)
    moving = [joint for joint, ends in zip(bench.arm.joints, bench.ends, strict=True) if ends]
    assert [sentence.split()[0] for sentence in found] == moving
    assert "move it from one end of its range to the other" in found[0]


def test_a_range_over_half_a_turn_from_the_middle_is_refused(bench: Any) -> None:
    bench.move(bench.homed)
    bench.arm.open()
    _, ranges = bench.arm.ranges()
    sweep(bench, ranges)
    wrist = bench.arm.joints.index("wrist_flex")
    for _ in range(30):
        ranges.see((bench.arm.shafts() + (np.arange(6) == wrist) * 100 * _) % 4096)
    assert [sentence.split()[0] for sentence in bench.arm.judged(ranges)] == ["wrist_flex"]
    assert "more than half a turn" in bench.arm.judged(ranges)[0]


def test_ranges_are_followed_over_the_end_of_a_turn() -> None:
    ranges = Ranges(np.array([4000]), np.array([4096]))
    for counts in (4090, 50, 200, 4090, 3000):
        ranges.see(np.array([counts]))
    assert (ranges.low[0], ranges.high[0], ranges.now[0]) == (-1000, 296, -1000)


def test_a_servo_that_is_not_there_is_named_and_the_port_closed(bench: Any) -> None:
    bench.wire.servos = tuple(servo for servo in bench.servos if servo.id != 3)
    with pytest.raises(DeviceError, match="Servo 3"):
        bench.arm.open()
    assert not bench.bus.is_open
