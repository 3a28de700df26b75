from dataclasses import replace
from typing import Any

import pytest

from lerecord.errors import DeviceError
from lerecord.motors import Motor, Retry, ServoAlertError, check_servos
from lerecord.motors.dynamixel import XL330_M077, XL330_M288, XL430_W250, DynamixelBus
from lerecord.motors.retry import ONCE
from lerecord.simulator.dynamixel import HardwareError, Servo


def test_a_transaction_is_tried_at_least_once() -> None:
    with pytest.raises(ValueError, match="at least once, not 0"):
        Retry(attempts=0)


def test_servos_that_are_all_there_pass(bench: Any) -> None:
    check_servos(bench.bus, "main follower", ONCE)
    assert bench.bus.counters.transactions == 3


def test_without_any_servo_power_and_port_are_suspected(bench: Any) -> None:
    bench.wire.servos = ()
    with pytest.raises(DeviceError, match=r"No servo of the main follower .* power on"):
        check_servos(bench.bus, "main follower", ONCE)


def test_a_missing_servo_is_named_with_its_id_joint_and_port(bench: Any) -> None:
    bench.wire.servos = tuple(s for s in bench.wire.servos if s.id != 3)
    with pytest.raises(DeviceError) as caught:
        check_servos(bench.bus, "main follower", ONCE)
    assert str(caught.value) == (
        "Servo 3 (elbow) of the main follower on lockstep does not answer: check the cable to it, "
        "and that its id is 3."
    )


def test_a_servo_that_was_silent_once_is_asked_again(bench: Any) -> None:
    bench.port.tampering.extend([lambda reply: reply, lambda lost: b""])
    check_servos(bench.bus, "main follower", ONCE)
    assert bench.bus.counters.transactions == 4


@pytest.mark.parametrize(
    ("expected", "found"), [(XL430_W250, "xl330-m288"), (XL330_M077, "xl330-m288")]
)
def test_another_model_suggests_to_check_port_and_driver(
    bench: Any, expected: Any, found: str
) -> None:
    bus = DynamixelBus(bench.port, [Motor("elbow", 3, expected)])
    with pytest.raises(DeviceError, match=f"is {found} where {expected.name} belongs: check"):
        check_servos(bus, "main follower", ONCE)


def test_an_unknown_model_is_named_by_its_number(bench: Any) -> None:
    number = replace(XL330_M288.registers["Model_Number"], initial=4242)
    stranger = replace(XL330_M288, registers={**XL330_M288.registers, "Model_Number": number})
    bench.wire.servos = (bench.servos["lift"], Servo(stranger, 3), bench.servos["wrist"])
    with pytest.raises(DeviceError, match="a servo with the model number 4242"):
        check_servos(bench.bus, "main follower", ONCE)


def test_a_servo_in_trouble_is_not_called_missing(bench: Any) -> None:
    bench.servos["elbow"].fail(HardwareError.OVERLOAD)
    with pytest.raises(ServoAlertError, match="overload"):
        check_servos(bench.bus, "main follower", ONCE)
