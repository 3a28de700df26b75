import pytest

from lerecord.simulator.dynamixel import Servo
from lerecord.simulator.rigs import GRIPPER, JointCalibration
from lerecord.simulator.scene import Motion, World

RATE_HZ = 30.0
SETTLE_S = 0.35


class Teleoperation:
    """Both arms set up as drivers do it; the follower gets what the leader shows, 30 times a s."""

    def __init__(self, seed: int, trigger_rest: float = 0.5) -> None:
        self.world = World(seed)
        self._now = 0.0
        self._leader = list(self.world.leader.calibration().values())
        self._follower = list(self.world.follower.calibration().values())
        for arm, joints in (
            (self.world.leader, self._leader),
            (self.world.follower, self._follower),
        ):
            for index, (servo, joint) in enumerate(zip(arm.servos, joints, strict=True)):
                write(servo, "Operating_Mode", 5 if index == GRIPPER else 4)
                write(servo, "Drive_Mode", joint.drive_mode)
                write(servo, "Homing_Offset", joint.homing_offset)
        trigger, joint = self.world.leader.servos[GRIPPER], self._leader[GRIPPER]
        write(trigger, "Torque_Enable", 1)
        write(trigger, "Goal_Position", counts(trigger_rest, joint))
        for servo in self.world.follower.servos:
            write(servo, "Torque_Enable", 1)
        self.world.advance(self._now)

    def play(self, motion: Motion) -> None:
        start = self._now
        self.world.hand = lambda now: motion.at(now - start)
        self.wait(motion.duration_s + SETTLE_S)

    @property
    def now(self) -> float:
        """The world's time."""
        return self._now

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * RATE_HZ)):
            for servo, leader, joint, asked in zip(
                self.world.follower.servos,
                self.world.leader.servos,
                self._follower,
                self._leader,
                strict=True,
            ):
                share = (leader.position - asked.range_min) / (asked.range_max - asked.range_min)
                write(servo, "Goal_Position", counts(min(max(share, 0.0), 1.0), joint))
            for _ in range(3):
                self._now += 1.0 / RATE_HZ / 3.0
                self.world.advance(self._now)


def counts(share: float, joint: JointCalibration) -> int:
    return round(joint.range_min + share * (joint.range_max - joint.range_min))


def write(servo: Servo, name: str, value: int) -> None:
    register = servo.model.registers[name]
    servo.write(register.address, value.to_bytes(register.size, "little", signed=register.signed))


@pytest.fixture
def teleoperation() -> type[Teleoperation]:
    return Teleoperation
