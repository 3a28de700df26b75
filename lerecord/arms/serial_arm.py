"""What a leader and a follower arm are, and what all arms on a serial servo bus share."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lerecord.arms import servo_registers
from lerecord.arms.calibration import Calibration, JointCalibration, require_same
from lerecord.arms.protocols import ArmIdentity, ArmSettings
from lerecord.arms.servo_registers import SET_UP as SET_UP
from lerecord.arms.units import Scale
from lerecord.errors import DeviceError
from lerecord.frame import Motion
from lerecord.motors import (
    BusCounters,
    BusError,
    Model,
    MotorBus,
    RestartWatch,
    Retry,
    StrainWatch,
    check_servos,
)

_BESIDE_COUNTS = 64  # under six degrees: what a hand or gravity moves a joint beyond its range
_DRIVE_MODE = "drive_mode"
_REVERSE = 1  # the bit of Drive_Mode that turns a servo round; the others are no calibration
_TOLERATED_COUNTS = 512  # an eighth of a turn: a calibration by hand misses the very ends


class SerialArm:
    """Servos on one bus, one a joint: what drivers of leaders and followers have in common.

    A driver says which registers hold the calibration (`calibrated`), how its servos are made to
    answer (`wake`), and what they keep beside (`set_up`).

    After a power cycle a servo knows its place only within one turn. `connect` of a driver calls
    `find_turns`, and from then on positions are those near the middle of the calibrated range.

    Args:
        settings: of the arm.
        calibration: of the arm, checked against its motors.
        scale: counts to units.
        bus: with the arm's motors, not yet open.
        forgets: register that is not zero under torque until a servo restarts.

    Attributes:
        calibrated: register name to the key of a calibration that it holds.
        yields: joints that are there to push against things.
        bus: as given.
        scale: as given.
    """

    calibrated: ClassVar[Mapping[str, str]]
    yields: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        settings: ArmSettings,
        calibration: Calibration,
        scale: Scale,
        bus: MotorBus,
        forgets: str = "Torque_Enable",
    ) -> None:
        self._settings = settings
        self._calibration = calibration
        self.scale = scale
        self.bus = bus
        self._models: dict[str, Model] = {motor.name: motor.model for motor in bus.motors}
        self._joints = tuple(self._models)
        self._turns = np.zeros(len(self._joints), np.int64)
        self._restarts = RestartWatch(settings.name, bus, settings.retry, forgets)
        self._strain = StrainWatch(settings.name, bus, self.yields)
        self._motion: Motion | None = None
        self.held: tuple[str, ...] = ()
        """Joints under torque, as far as this driver has put it on."""

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the joints, in the order of every array."""
        return self._joints

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the joints' columns in a dataset."""
        return tuple(f"{joint}.pos" for joint in self._joints)

    @property
    def identity(self) -> ArmIdentity:
        """Its servos."""
        motors = self.bus.motors
        return ArmIdentity(
            self._joints,
            tuple(motor.id for motor in motors),
            tuple(motor.model.name for motor in motors),
        )

    @property
    def calibration(self) -> dict[str, dict[str, int]]:
        """Its calibration, for the record."""
        return self._calibration.as_mapping()

    @property
    def counters(self) -> BusCounters:
        """What its bus has seen."""
        return self.bus.counters

    def ask(self) -> None:
        """Send for the positions that the next `read` then takes; raises nothing."""
        self.bus.ask_present(self._joints)

    def read(self) -> NDArray[np.float32]:
        """Measured positions (D,), in units.

        Raises ServoError also when a servo turns out to have restarted.
        """
        try:
            present = self.bus.read_present(self._joints, self._settings.retry)
        except BusError:
            self._restarts.after_failure()
            raise
        counts = present.position - self._turns
        self._restarts.after_read(counts)
        self._strain.after_read(present)
        self._motion = Motion(
            self.scale.rate(present.velocity).astype(np.float32),
            present.effort.astype(np.float32),
        )
        return self.scale.to_units(counts).astype(np.float32)

    @property
    def motion(self) -> Motion | None:
        """What came with the last positions that were read."""
        return self._motion

    @property
    def caution(self) -> str | None:
        """Which servo is about to switch itself off, in words; None when none is."""
        return self._strain.caution

    def counts(self, retry: Retry) -> NDArray[np.int64]:
        """Measured positions (D,), in counts of the calibration."""
        return self.bus.sync_read("Present_Position", self._joints, retry) - self._turns

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Open the bus and check every servo; close it again when the set-up in it fails."""
        self.bus.open()
        try:
            check_servos(self.bus, self._settings.name, SET_UP)
            yield
        except BaseException:
            self.bus.close()
            raise

    def wake(self) -> None:
        """Let every servo acknowledge what it is told."""
        raise NotImplementedError

    def set_up(self) -> None:
        """Let the servos have what leader and follower share, the calibration included."""
        raise NotImplementedError

    def examine(self) -> None:
        """Open the port, check the servos and the calibration that they hold, close it again."""
        with self.opened():
            self.check_calibration()
        self.bus.close()

    def write_set_up(self) -> None:
        """Let every servo keep the calibration and the set-up; the arm is limp afterwards."""
        with self.opened():
            self.wake()
            self.let_go()
            self.set_up()
        self.bus.close()

    def check_calibration(self) -> None:
        """Refuse servos that hold another arm's calibration, unless this arm's is to be written.

        Raises:
            ConfigError: it is another one.
        """
        if self._settings.write_calibration:
            return
        held, fresh = {}, {}
        for register, key in self.calibrated.items():
            values = self.bus.sync_read(register, self._joints, SET_UP)
            held[key] = (values & _REVERSE if key == _DRIVE_MODE else values).tolist()
            fresh[key] = [model.registers[register].initial for model in self._models.values()]
        arm = f"{self._settings.name} on {self.bus.port_name}"
        require_same(self._calibrations(held), self._calibrations(fresh), self._calibration, arm)

    def write_calibration(self) -> None:
        """Let the servos hold the arm's calibration."""
        for register, key in self.calibrated.items():
            self.ensure(register, {joint: self.calibration[joint][key] for joint in self._joints})

    def _calibrations(self, values: Mapping[str, Sequence[int]]) -> dict[str, JointCalibration]:
        """By joint, of a value a joint for each key; what servos do not keep is as it should be."""
        return {
            joint: replace(
                self._calibration.joints[joint], **{key: each[at] for key, each in values.items()}
            )
            for at, joint in enumerate(self._joints)
        }

    def ensure(self, register: str, values: Mapping[str, int]) -> None:
        """Let a register have these values by joint; what has them already is not written.

        EEPROM wears out and is locked while torque is on: torque goes off where it is written.
        """
        servo_registers.ensure(self.bus, self._settings.name, register, values)

    def find_turns(self) -> None:
        """Count positions from the turn in which they are nearest to the middle of their range.

        A joint in its range, or a little beside it, is taken at its word: one that turns freely is
        else found a whole turn away when it stands at the end of its range. A servo that counts no
        turns cuts goals off at its range, so that it would jump to there from far outside.

        Raises:
            DeviceError: a joint is too far outside its calibrated range even so.
        """
        measured = self.bus.sync_read("Present_Position", self._joints, SET_UP)
        joints = [self._calibration.joints[name] for name in self._joints]
        low = np.array([joint.range_min for joint in joints])
        high = np.array([joint.range_max for joint in joints])
        turn = np.array([model.counts_per_turn for model in self._models.values()])
        counts_turns = np.array([model.counts_turns for model in self._models.values()])
        nearest = np.rint((measured - (low + high) / 2) / turn).astype(np.int64)
        is_beside = (measured < low - _BESIDE_COUNTS) | (measured > high + _BESIDE_COUNTS)
        self._turns = np.where(is_beside & counts_turns, nearest, 0) * turn
        position = measured - self._turns
        outside = np.maximum(low - position, position - high)
        worst = int(np.argmax(outside))
        tolerated = _TOLERATED_COUNTS if counts_turns[worst] else _BESIDE_COUNTS
        if outside[worst] > tolerated:
            degrees = outside[worst] * 360 / turn[worst]
            raise DeviceError(
                f"{self._joints[worst]} of the {self._settings.name} is {degrees:.0f} degrees "
                f"outside its calibrated range: switch the arm off, move the joint into its "
                f"range and start again, or calibrate the arm again."
            )

    def hold(self, joints: Sequence[str]) -> None:
        """Torque on, with the present position as the goal, so that nothing moves.

        The goals are written one by one, as only such writes are acknowledged, and before torque
        goes on; a servo may make its position the goal by itself, but need not.
        """
        measured = self.bus.sync_read("Present_Position", joints, SET_UP)
        for joint, position in zip(joints, measured, strict=True):
            self.bus.write("Goal_Position", joint, int(position), SET_UP)
        for joint in joints:
            self.bus.write("Torque_Enable", joint, 1, SET_UP)
        self._holds(tuple(joints))

    def _holds(self, joints: tuple[str, ...]) -> None:
        """Torque is on at these joints from now on, and they are watched."""
        self.held = joints
        self._restarts.begin(joints)
        self._strain.begin(joints)

    def let_go_of(self, joints: Sequence[str]) -> None:
        """Torque off at some joints of an arm that is held."""
        self._holds(tuple(each for each in self.held if each not in joints))
        for joint in joints:
            self.bus.write("Torque_Enable", joint, 0, SET_UP)

    def let_go(self) -> None:
        """Torque off at every servo; each is tried before the first error is raised."""
        self._holds(())
        first: BusError | None = None
        for joint in self._joints:
            try:
                self.bus.write("Torque_Enable", joint, 0, SET_UP)
            except BusError as error:
                first = first if first is not None else error
        if first is not None:
            raise first

    def goal_counts(self, goal: ArrayLike) -> dict[str, int]:
        """What Goal_Position must be by joint for a goal (D,) in units: the nearest counts."""
        counts = self.scale.to_counts(goal) + self._turns
        return dict(zip(self._joints, counts.tolist(), strict=True))

    def disconnect(self) -> None:
        """Close the port; torque stays as it is."""
        self.bus.close()
