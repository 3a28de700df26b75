"""How far the joints of an arm go: seen while a person moves them, and judged before it is kept.

Nothing is written into a servo before the whole arm is calibrated, so that breaking off costs
nothing: positions are read with the calibration that the servos hold, and reckoned from there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lerecord.arms import ArmDriver, ArmSettings, Calibration, JointCalibration, servo_registers
from lerecord.bringup.makes import make_of
from lerecord.errors import DeviceError
from lerecord.motors import MotorBus, check_servos

_DEGREES_PER_TURN = 360.0
_LEAST_DEGREES = 20.0  # the gripper's trigger of a leader, the least of all, goes 50
_AWRY_COUNTS = 512  # under 45 degrees: what a limp arm may sink while its calibration is written

Counts = NDArray[np.int64]


class Ranges:
    """How far each of D joints went to both sides of where it stood at first, in counts.

    Args:
        first: (D,) counts.
        counts_per_turn: (D,); positions may wrap there, and are followed over it.

    Attributes:
        low, high, now: (D,) from `first`.
    """

    def __init__(self, first: Counts, counts_per_turn: Counts) -> None:
        self._first = first
        self._turn = counts_per_turn
        self.low = np.zeros_like(first)
        self.high = np.zeros_like(first)
        self.now = np.zeros_like(first)

    def see(self, counts: Counts) -> None:
        """The joints are here now; between two calls none may go half a turn."""
        step = (counts - self._first - self.now + self._turn // 2) % self._turn - self._turn // 2
        self.now = self.now + step
        self.low = np.minimum(self.low, self.now)
        self.high = np.maximum(self.high, self.now)

    @property
    def degrees_per_count(self) -> NDArray[np.float64]:
        """(D,)."""
        degrees: NDArray[np.float64] = _DEGREES_PER_TURN / self._turn
        return degrees

    @property
    def degrees(self) -> NDArray[np.float64]:
        """(D,) how far each went in all."""
        span: NDArray[np.float64] = (self.high - self.low) * self.degrees_per_count
        return span


@dataclass(frozen=True, slots=True, eq=False)
class Middle:
    """Where an arm stands while a person holds it in the middle of its ranges.

    Attributes:
        shaft: (D,) counts of the encoders, to the side to which the calibration will count.
    """

    shaft: Counts


class ArmToCalibrate:
    """An arm whose servos answer, limp in a person's hands.

    Args:
        name: of the arm in messages.
        driver: what drives such an arm.
        bus: with the driver's motors, not yet open.
    """

    def __init__(self, name: str, driver: ArmDriver, bus: MotorBus) -> None:
        self.name = name
        self.joints = tuple(motor.name for motor in driver.motors)
        self._driver = driver
        self._bus = bus
        self._make = make_of(driver.motors[0].model)
        self._turn = np.array([motor.model.counts_per_turn for motor in driver.motors])
        self._offset = self._mirrored = np.zeros(len(self.joints), np.int64)

    def open(self) -> None:
        """Open the port, check every servo, let the arm go.

        Raises:
            DeviceError: a servo does not answer, or is another one; the port is closed again.
        """
        self._bus.open()
        try:
            check_servos(self._bus, self.name, servo_registers.SET_UP)
            self._acknowledge()
            for joint in self.joints:
                self._bus.write("Torque_Enable", joint, 0, servo_registers.SET_UP)
            self._learn_offsets()
        except BaseException:
            self._bus.close()
            raise

    def close(self) -> None:
        """Close the port; the arm stays limp."""
        self._bus.close()

    def shafts(self) -> Counts:
        """(D,) where the encoders are, to the side to which the calibration will count.

        Raises:
            BusError: a servo did not answer.
        """
        present = self._bus.sync_read("Present_Position", self.joints, servo_registers.SET_UP)
        held = present - self._offset if self._make.adds_offset else present + self._offset
        shafts: Counts = held * self._mirrored % self._turn
        return shafts

    def ranges(self) -> tuple[Middle, Ranges]:
        """Begin where the arm stands now."""
        shaft = self.shafts()
        return Middle(shaft), Ranges(shaft, self._turn)

    def judged(self, ranges: Ranges) -> list[str]:
        """What is wrong with the ranges, a joint each; nothing when they make a calibration."""
        found = []
        for at, joint in enumerate(self.joints):
            half = self._turn[at] // 2
            if joint in self._driver.turning_joints:
                continue
            if ranges.low[at] <= -half or ranges.high[at] >= half:
                found.append(
                    f"{joint} went more than half a turn from where it stood at first: begin "
                    f"again with it in the middle of its range."
                )
            elif ranges.degrees[at] < _LEAST_DEGREES:
                found.append(
                    f"{joint} went {ranges.degrees[at]:.0f} degrees in all: move it from one end "
                    f"of its range to the other."
                )
        return found

    def calibration(self, middle: Middle, ranges: Ranges, source: str) -> Calibration:
        """What LeRobot's procedure writes down for these ranges.

        Args:
            middle: where the arm stood at first: in the middle of its ranges.
            ranges: which are judged right.
            source: of the calibration, for messages.
        """
        joints = {}
        for at, motor in enumerate(self._driver.motors):
            shaft, turn = int(middle.shaft[at]), int(self._turn[at])
            offset = self._make.turned(shaft, turn)
            place = (shaft + offset if self._make.adds_offset else shaft - offset) % turn
            low, high = place + int(ranges.low[at]), place + int(ranges.high[at])
            if motor.name in self._driver.turning_joints:
                low, high = 0, turn - 1
            mirrored = int(motor.name in self._driver.mirrored_joints)
            joints[motor.name] = JointCalibration(
                motor.id, mirrored, offset, max(low, 0), min(high, turn - 1)
            )
        return Calibration(joints, source)

    def write(self, calibration: Calibration) -> None:
        """Write a calibration into the servos, and see that they measure by it.

        Raises:
            DeviceError: a servo does not keep it, or measures something else.
        """
        shaft = self.shafts()
        settings = ArmSettings(self.name, self._bus.port_name)
        self._bus.close()
        self._driver(settings, calibration, "normalized", self._bus).write_set_up()
        self._bus.open()
        self._learn_offsets()
        awry = (self.shafts() - shaft + self._turn // 2) % self._turn - self._turn // 2
        if np.abs(awry).max() > _AWRY_COUNTS:
            at = int(np.abs(awry).argmax())
            raise DeviceError(
                f"{self.joints[at]} of the {self.name} measures "
                f"{awry[at] * _DEGREES_PER_TURN / self._turn[at]:.0f} degrees beside where it "
                f"should since its calibration was written, unless it was moved meanwhile: "
                f"switch the arm's power off and on, and calibrate it again."
            )

    def _acknowledge(self) -> None:
        """Let every servo answer what it is told; this packet itself needs no reply."""
        for register, everything in (("Status_Return_Level", 2), ("Response_Status_Level", 1)):
            if register in self._driver.motors[0].model.registers:
                self._bus.sync_write(register, dict.fromkeys(self.joints, everything))

    def _learn_offsets(self) -> None:
        self._offset = self._bus.sync_read("Homing_Offset", self.joints, servo_registers.SET_UP)
        due = np.array([joint in self._driver.mirrored_joints for joint in self.joints])
        held = np.zeros_like(due)
        if "Drive_Mode" in self._driver.motors[0].model.registers:
            held = self._bus.sync_read("Drive_Mode", self.joints, servo_registers.SET_UP) & 1 == 1
        self._mirrored = np.where(due == held, 1, -1)
