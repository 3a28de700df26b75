"""Servos from their box, one at a time on a lock-step port that may run at any speed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from lerecord import drivers
from lerecord.arms import ArmDriver
from lerecord.bringup import lone_servo, make_of, set_up
from lerecord.errors import DeviceError
from lerecord.motors import Motor
from lerecord.simulator import dynamixel, feetech
from lerecord.simulator.ports.ports import LockStepPort


@dataclass(frozen=True)
class AnySpeed:
    """One port with one clock, opened at one speed after the other."""

    port: LockStepPort

    def __call__(self, baud: int) -> LockStepPort:
        self.port.baudrate = baud
        return self.port


@dataclass(frozen=True)
class Kind:
    """A kind of arm, and how its servos are simulated."""

    driver: ArmDriver
    servo: Callable[..., Any]
    wire: Callable[[Sequence[Any]], Any]

    @property
    def motor(self) -> Motor:
        return self.driver.motors[4]

    def fresh(self) -> int:
        make = make_of(self.motor.model)
        return next(value for value, baud in make.bauds.items() if baud == make.fresh_baud)

    def port(self, *servos: Any) -> "AnySpeed":
        return AnySpeed(LockStepPort(self.wire(servos)))


KINDS = {
    "koch": Kind(drivers.load("arms", "koch").Follower, dynamixel.Servo, dynamixel.Bus),
    "so101": Kind(drivers.load("arms", "so101").Follower, feetech.Servo, feetech.Bus),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def test_a_servo_from_its_box_becomes_the_one_of_its_joint(kind: Kind) -> None:
    servo = kind.servo(kind.motor.model, 1, kind.fresh())
    port = kind.port(servo)
    assert set_up(port, lone_servo(port, kind.motor), kind.motor, port.port.sleep)
    assert (servo.id, servo.baud) == (kind.motor.id, 1_000_000)
    assert servo.value("Return_Delay_Time") == 0
    servo.reboot()
    assert (servo.id, servo.baud) == (kind.motor.id, 1_000_000)


def test_a_servo_that_was_set_up_is_left_alone(kind: Kind) -> None:
    servo = kind.servo(kind.motor.model, 1, kind.fresh())
    port = kind.port(servo)
    set_up(port, lone_servo(port, kind.motor), kind.motor, port.port.sleep)
    assert not set_up(port, lone_servo(port, kind.motor), kind.motor, port.port.sleep)


@pytest.mark.parametrize("servo_id", [77, 200])
def test_it_is_found_at_any_id_and_speed(kind: Kind, servo_id: int) -> None:
    servo = kind.servo(kind.motor.model, servo_id, 2)
    found = lone_servo(kind.port(servo), kind.motor)
    assert (found.id, found.baud) == (servo_id, servo.baud)


def test_two_at_once_are_refused(kind: Kind) -> None:
    both = [kind.servo(kind.motor.model, servo_id, kind.fresh()) for servo_id in (1, 3)]
    with pytest.raises(DeviceError, match="ids 1, 3: plug in only the wrist_roll servo"):
        lone_servo(kind.port(*both), kind.motor)


def test_two_of_one_id_are_refused(kind: Kind) -> None:
    both = [kind.servo(kind.motor.model, 1, kind.fresh()) for _ in range(2)]
    both[1].shaft += 700
    with pytest.raises(DeviceError, match=r"garbled, .* plug in only the wrist_roll servo"):
        lone_servo(kind.port(*both), kind.motor)


def _as_it_is(reply: bytes) -> bytes:
    return reply


def _lost(_reply: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("before", range(3), ids=["found", "known", "read"])
def test_a_servo_whose_reply_is_lost_once_is_set_up_all_the_same(kind: Kind, before: int) -> None:
    port = kind.port(kind.servo(kind.motor.model, 1, kind.fresh()))
    port.port.tampering.extend([*(_as_it_is for _ in range(before)), _lost])
    assert lone_servo(port, kind.motor).id == 1


def test_no_servo_is_said(kind: Kind) -> None:
    with pytest.raises(DeviceError, match=r"No .* servo answers"):
        lone_servo(kind.port(), kind.motor)


def test_another_model_is_refused_by_name() -> None:
    kind = KINDS["koch"]
    wrong = kind.servo(kind.driver.motors[0].model, 1, kind.fresh())
    with pytest.raises(DeviceError, match="wrist_roll takes an xl330-m288, but this is an xl430"):
        lone_servo(kind.port(wrong), kind.motor)
    assert wrong.id == 1
