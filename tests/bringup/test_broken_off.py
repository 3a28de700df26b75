"""Bringing up that is broken off at any write and begun again is carried through then."""

from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from lerecord.arms import ArmSettings, Calibration
from lerecord.bringup import lone_servo, set_up
from lerecord.errors import ConfigError
from lerecord.motors.dynamixel import DynamixelBus
from lerecord.motors.feetech import FeetechBus
from tests.bringup.test_calibrating import calibrated, near
from tests.bringup.test_servo_setup import KINDS

BUSES = (DynamixelBus, FeetechBus)


class BrokenOffError(Exception):
    """Ctrl-C, or a kill."""


class Breaking:
    """Ends whoever writes: at the nth write, before or after it has gone out.

    Attributes:
        left: writes until then; negative for never.
    """

    def __init__(self, patch: pytest.MonkeyPatch, after: bool) -> None:
        self.left = -1
        for bus in BUSES:
            write: Any = bus.write

            def written(made: Any, *arguments: Any, write: Any = write) -> None:
                self.left -= 1
                if self.left == -1 and not after:
                    raise BrokenOffError
                write(made, *arguments)
                if self.left == -1:
                    raise BrokenOffError

            patch.setattr(bus, "write", written)

    def at(self, count: int) -> None:
        self.left = count

    @property
    def broke(self) -> bool:
        return self.left < 0

    def never(self) -> None:
        self.left = 1_000_000


@pytest.fixture(params=[False, True], ids=["before it", "after it"])
def breaking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Breaking:
    return Breaking(monkeypatch, request.param)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_servo_is_set_up_however_far_the_time_before_came(kind: Any, breaking: Breaking) -> None:
    broken = 0
    while True:
        servo = kind.servo(kind.motor.model, 1, baud=kind.fresh())
        port = kind.port(servo)
        breaking.at(broken)
        with suppress(BrokenOffError):
            set_up(port, lone_servo(port, kind.motor), kind.motor, port.port.sleep)
        if not breaking.broke:
            break
        breaking.never()
        set_up(port, lone_servo(port, kind.motor), kind.motor, port.port.sleep)
        servo.advance(port.port.now())
        assert kind.motor.model.lock is None or servo.value(kind.motor.model.lock) == 1
        servo.reboot()
        assert (servo.id, servo.baud) == (kind.motor.id, 1_000_000), broken
        assert servo.value("Return_Delay_Time") == 0, broken
        broken += 1
    assert broken >= 6


def test_an_arm_is_calibrated_however_far_the_time_before_came(
    bench: Any, breaking: Breaking
) -> None:
    breaking.never()
    calibration = calibrated(bench)
    bench.arm.close()
    for broken in count(0, 13):
        other = {
            name: replace(joint, range_min=joint.range_min + 1 + broken)
            for name, joint in calibration.joints.items()
        }
        bench.arm.open()
        breaking.at(broken)
        with suppress(BrokenOffError):
            bench.arm.write(replace(calibration, joints=other))
        bench.arm.close()
        if not breaking.broke:
            break
        breaking.never()
        with suppress(ConfigError):  # which names the joints that differ
            driver(bench, calibration).examine()
        again = calibrated(bench)
        near(again, bench.truth)
        bench.arm.write(again)
        bench.arm.close()
        driver(bench, again).examine()
    assert broken >= 13


def driver(bench: Any, calibration: Calibration) -> Any:
    return bench.driver(ArmSettings("main arm", "x"), calibration, "normalized", bench.bus)
