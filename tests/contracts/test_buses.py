"""What every MotorBus promises, shown on the bus of each arm driver."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lerecord.motors import BusError, PortLostError
from lerecord.motors.errors import NoReplyError
from lerecord.motors.retry import NORMAL, ONCE, Retry
from lerecord.motors.wire import Reply, Sent, Wire

_PATIENT = Retry(attempts=100, budget_s=10.0)


@pytest.fixture
def bus(follower: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An open bus; servos on a machine that stands still for a moment are asked once more."""
    receive = Wire.receive

    def received(wire: Wire, sent: Sent, retry: Retry) -> dict[str, Reply]:
        return receive(wire, sent, _PATIENT if retry == NORMAL else retry)

    monkeypatch.setattr(Wire, "receive", received)
    follower.bus.open()
    return follower.bus


def test_each_motor_answers_with_its_model(bus: Any) -> None:
    assert [bus.ping(m.name) for m in bus.motors] == [m.model.number for m in bus.motors]


def test_reading_together_is_reading_one_by_one(bus: Any) -> None:
    names = [motor.name for motor in reversed(bus.motors)]
    together = bus.sync_read("Present_Position", names)
    assert together.dtype == np.int64
    assert together.tolist() == [bus.read("Present_Position", name) for name in names]


def test_what_is_written_is_read(bus: Any) -> None:
    names = [motor.name for motor in bus.motors]
    for name, value in zip(names, range(10, 70, 10), strict=True):
        bus.write("Return_Delay_Time", name, value)
    assert bus.sync_read("Return_Delay_Time", names).tolist() == [10, 20, 30, 40, 50, 60]
    bus.sync_write("Torque_Enable", dict.fromkeys(names, 1))
    assert bus.sync_read("Torque_Enable", names).tolist() == [1] * 6


def test_a_silent_motor_is_named_and_nothing_is_made_up(follower: Any, bus: Any) -> None:
    names = [motor.name for motor in bus.motors]
    follower.silence([bus.motors[1].id])
    with pytest.raises(NoReplyError) as caught:
        bus.sync_read("Present_Position", names, ONCE)
    assert caught.value.motors[0] == names[1]
    assert bus.port_name in str(caught.value)
    with pytest.raises(NoReplyError):
        bus.write("Torque_Enable", names[1], 1, ONCE)


def test_unknown_names_are_an_error_of_the_caller(bus: Any) -> None:
    with pytest.raises(KeyError):
        bus.read("Present_Mood", bus.motors[0].name)
    with pytest.raises(KeyError):
        bus.read("Present_Position", "knee")


def test_a_closed_bus_raises(bus: Any) -> None:
    assert bus.is_open
    bus.close()
    bus.close()
    assert not bus.is_open
    name = bus.motors[0].name
    requests: list[Callable[[], object]] = [
        lambda: bus.ping(name),
        lambda: bus.read("Present_Position", name),
        lambda: bus.write("Torque_Enable", name, 1),
        lambda: bus.sync_read("Present_Position", [name]),
        lambda: bus.sync_write("Torque_Enable", {name: 1}),
    ]
    for ask in requests:
        with pytest.raises(PortLostError):
            ask()
    assert issubclass(PortLostError, BusError)
