import errno
import termios
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from lerecord.motors import BusCounters, PortLostError, Retry, ServoAlertError
from lerecord.motors.errors import CorruptReplyError, NoReplyError, ServoRefusedError
from lerecord.motors.retry import ONCE
from lerecord.simulator.dynamixel import HardwareError
from lerecord.simulator.dynamixel.packets import status

NAMES = ("lift", "elbow", "wrist")
PATIENT = Retry(attempts=3, budget_s=10.0)
STUBBORN = Retry(attempts=50, budget_s=10.0)


def lost(reply: bytes) -> bytes:
    return b""


def torn(reply: bytes) -> bytes:
    return reply[:-3]


def flipped(reply: bytes) -> bytes:
    return reply[:10] + bytes([reply[10] ^ 0x40]) + reply[11:]


def place(bench: Any, motor: str, position: int) -> None:
    """Turn the shaft so that Present_Position reads that."""
    servo = bench.servos[motor]
    servo.shaft = servo.shaft_at(position)


def test_ping_gives_the_model_number(bench: Any) -> None:
    assert [bench.bus.ping(name) for name in NAMES] == [1060, 1200, 1200]


def test_registers_of_every_size_are_read(bench: Any) -> None:
    servo = bench.servos["elbow"]
    for register in ("ID", "Current_Limit", "Max_Position_Limit", "Present_Temperature"):
        assert bench.bus.read(register, "elbow") == servo.value(register)


def test_position_velocity_and_effort_come_in_one_transaction(bench: Any) -> None:
    bench.bus.write("Operating_Mode", "elbow", 4)
    bench.bus.sync_write("Torque_Enable", dict.fromkeys(NAMES, 1))
    bench.bus.sync_write("Goal_Position", {"elbow": -50_000, "wrist": 4000})
    bench.port.sleep(0.15)
    before = bench.port.writes
    present = bench.bus.read_present(NAMES)
    assert bench.port.writes == before + 1
    servos = [bench.servos[name] for name in NAMES]
    assert present.position.tolist() == [servo.position for servo in servos]
    assert present.effort.tolist() == [
        servo.value("Present_Load" if servo.model.number == 1060 else "Present_Current")
        for servo in servos
    ]
    np.testing.assert_allclose(present.velocity, [servo.velocity for servo in servos], atol=8.0)
    assert present.velocity[1] < -4000
    assert present.effort[1] < 0 < present.effort[2]


@given(st.lists(st.integers(-1_000_000, 1_000_000), min_size=3, max_size=3))
def test_positions_keep_their_sign_and_order(make_bench: Any, positions: list[int]) -> None:
    bench = make_bench()
    for name, position in zip(NAMES, positions, strict=True):
        place(bench, name, position)
    order = ("wrist", "lift", "elbow")
    read = bench.bus.sync_read("Present_Position", order)
    assert read.dtype == np.int64
    assert read.tolist() == [positions[NAMES.index(name)] for name in order]


@given(st.integers(-1_048_575, 1_048_575))
def test_what_is_written_is_what_the_servo_has(make_bench: Any, value: int) -> None:
    bench = make_bench()
    bench.bus.write("Operating_Mode", "elbow", 4)
    bench.bus.write("Goal_Position", "elbow", value)
    assert bench.servos["elbow"].value("Goal_Position") == value
    assert bench.bus.read("Goal_Position", "elbow") == value


def test_sync_write_reaches_each_servo_with_its_own_value(bench: Any) -> None:
    for name in NAMES:
        bench.bus.write("Operating_Mode", name, 4)
    bench.bus.sync_write("Goal_Position", {"wrist": -5, "lift": 70000, "elbow": 3})
    assert [bench.servos[name].value("Goal_Position") for name in NAMES] == [70000, 3, -5]


@pytest.mark.parametrize(
    ("register", "value"), [("Max_Position_Limit", 4096), ("LED", 2), ("Present_Position", 5)]
)
def test_a_value_that_the_register_cannot_take_is_not_sent(
    bench: Any, register: str, value: int
) -> None:
    before = bench.port.writes
    with pytest.raises(ValueError, match=f"{register} does not take {value}"):
        bench.bus.write(register, "lift", value)
    assert bench.port.writes == before


def test_a_register_in_different_places_is_not_read_together(bench: Any) -> None:
    with pytest.raises(KeyError):
        bench.bus.sync_read("Present_Load", NAMES)


def test_a_servo_that_keeps_silent_is_named_after_every_attempt(bench: Any) -> None:
    bench.wire.servos = tuple(s for s in bench.wire.servos if s.id != 3)
    with pytest.raises(NoReplyError, match=r"Servo 3 \(elbow\) on lockstep") as caught:
        bench.bus.sync_read("Present_Position", NAMES, PATIENT)
    assert caught.value.motors == ("elbow", "wrist")
    assert bench.bus.counters == BusCounters(transactions=1, retries=2, timeouts=3)
    with pytest.raises(NoReplyError):
        bench.bus.read("Present_Position", "elbow", ONCE)
    with pytest.raises(NoReplyError):
        bench.bus.write("LED", "elbow", 1, ONCE)
    with pytest.raises(NoReplyError):
        bench.bus.ping("elbow", ONCE)


def test_no_attempt_starts_after_the_budget(bench: Any) -> None:
    bench.wire.servos = ()
    with pytest.raises(NoReplyError):
        bench.bus.read("LED", "lift", Retry(attempts=1000, budget_s=0.1))
    timeouts = bench.bus.counters.timeouts
    assert 1 < timeouts < 5  # the port gives each of them 35 ms
    assert bench.port.clock_s < 0.2


@pytest.mark.parametrize(
    ("damage", "counter"), [(lost, "timeouts"), (torn, "corrupt"), (flipped, "corrupt")]
)
def test_a_reply_lost_or_damaged_once_is_asked_for_again(
    bench: Any, damage: Callable[[bytes], bytes], counter: str
) -> None:
    for at, name in enumerate(NAMES):
        place(bench, name, 100 * at - 100)
    bench.port.tampering.append(damage)
    assert bench.bus.sync_read("Present_Position", NAMES, PATIENT).tolist() == [-100, 0, 100]
    assert bench.bus.counters.retries == 1
    assert getattr(bench.bus.counters, counter) == 1


@pytest.mark.parametrize("damage", [torn, flipped])
def test_what_always_comes_damaged_is_never_believed(
    bench: Any, damage: Callable[[bytes], bytes]
) -> None:
    bench.port.tampering.extend([damage] * 3)
    with pytest.raises(CorruptReplyError, match="lockstep"):
        bench.bus.sync_read("Present_Position", NAMES, PATIENT)
    assert bench.bus.counters == BusCounters(
        transactions=1, retries=2, corrupt=3, drained_bytes=bench.bus.counters.drained_bytes
    )


@given(st.integers(0, 44), st.integers(1, 255))
def test_no_single_damaged_byte_gives_a_wrong_position(
    make_bench: Any, at: int, change: int
) -> None:
    bench = make_bench()
    positions = [-1, 2047, 70000]
    for name, position in zip(NAMES, positions, strict=True):
        place(bench, name, position)
    bench.port.tampering.append(
        lambda reply: reply[:at] + bytes([reply[at] ^ change]) + reply[at + 1 :]
    )
    assert bench.bus.sync_read("Present_Position", NAMES, PATIENT).tolist() == positions
    assert bench.bus.sync_read("Present_Position", NAMES, PATIENT).tolist() == positions


def test_a_request_that_arrived_damaged_is_sent_again(bench: Any) -> None:
    bench.port.tampering.append(lambda reply: status(2, 3))
    assert bench.bus.read("ID", "lift", PATIENT) == 2
    assert bench.bus.counters.corrupt == 1


@pytest.mark.parametrize("late_s", [0.0355, 0.036, 0.04, 0.1, 0.5, 2.0])
@pytest.mark.parametrize("register", ["Present_Position", "Goal_Position"])
def test_a_late_reply_is_never_the_answer_to_a_later_request(
    bench: Any, late_s: float, register: str
) -> None:
    place(bench, "elbow", 111)
    bench.port.delays.append(late_s)
    with pytest.raises(NoReplyError):
        bench.bus.read("Present_Position", "elbow", ONCE)
    place(bench, "elbow", 222)
    expected = bench.servos["elbow"].value(register)
    for _ in range(60):
        try:
            assert bench.bus.read(register, "elbow", ONCE) == expected
        except NoReplyError:
            continue
    bench.port.clock_s += 2.0
    assert bench.bus.read(register, "elbow", ONCE) == expected


@given(st.lists(st.floats(0.0, 0.3), min_size=1, max_size=6))
def test_whatever_is_late_positions_are_of_now(make_bench: Any, delays: list[float]) -> None:
    bench = make_bench()
    bench.port.delays.extend(delays)
    for turn in range(12):
        for name in NAMES:
            place(bench, name, turn)
        try:
            read = bench.bus.sync_read("Present_Position", NAMES, ONCE)
        except NoReplyError:
            continue
        assert read.tolist() == [turn] * 3
    bench.port.clock_s += 1.0
    assert bench.bus.sync_read("Present_Position", NAMES, PATIENT).tolist() == [11] * 3


def test_what_was_asked_for_before_is_taken_without_asking_again(bench: Any) -> None:
    bench.bus.read_present(NAMES)
    place(bench, "lift", 100)
    before = bench.port.writes
    bench.bus.ask_present(NAMES)
    place(bench, "lift", 200)  # too late: the servos have answered
    assert bench.bus.read_present(NAMES).position[0] == 100
    assert bench.port.writes == before + 1
    assert bench.bus.read_present(NAMES).position[0] == 200
    assert bench.bus.counters == BusCounters(transactions=3)


def test_what_was_asked_for_and_lost_is_asked_for_again(bench: Any) -> None:
    bench.port.tampering.append(lost)
    bench.bus.ask_present(NAMES)
    place(bench, "lift", 200)
    assert bench.bus.read_present(NAMES, PATIENT).position[0] == 200
    assert (bench.bus.counters.timeouts, bench.bus.counters.retries) == (1, 1)


def test_asking_a_lost_port_is_told_by_the_read(bench: Any) -> None:
    bench.bus.close()
    bench.bus.ask_present(NAMES)
    with pytest.raises(PortLostError):
        bench.bus.read_present(NAMES)


@given(st.lists(st.sampled_from(["ask", "read", "ping", "lose", "delay"]), max_size=40))
def test_whatever_comes_between_a_read_is_as_new_as_its_asking(
    make_bench: Any, steps: list[str]
) -> None:
    bench = make_bench()
    asked_at = None
    for now, step in enumerate(steps):
        place(bench, "lift", now)
        if step == "ask":
            bench.bus.ask_present(NAMES)
            asked_at = now
        elif step == "read":
            read = bench.bus.read_present(NAMES, STUBBORN).position[0]
            assert read >= (now if asked_at is None else asked_at)
            asked_at = None
        elif step == "ping":
            assert bench.bus.ping("elbow", STUBBORN) == 1200
        elif step == "lose":
            bench.port.tampering.append(lost)
        else:
            bench.port.delays.append(0.05)


def test_a_late_reply_is_drained_before_the_next_request(bench: Any) -> None:
    bench.port.delays.append(0.036)  # after the time-out, within the quiet time
    bench.bus.read("ID", "lift", PATIENT)
    assert bench.bus.counters.timeouts == 1
    assert bench.bus.counters.drained_bytes == 12
    assert bench.bus.counters.strays == 0


def test_a_healthy_wire_is_not_waited_for(bench: Any) -> None:
    bench.bus.read("ID", "lift")
    before = bench.port.clock_s
    bench.bus.read("ID", "lift")
    on_the_wire_s = (14 + 12) * 10 / 1_000_000
    assert bench.port.clock_s - before == pytest.approx(on_the_wire_s)


def test_bytes_that_nobody_asked_for_are_drained_and_counted(bench: Any) -> None:
    bench.bus.read("ID", "lift")
    bench.port.arrive(status(2, 0, bytes([77])))
    assert bench.bus.read("ID", "lift") == 2
    assert bench.bus.counters.drained_bytes == 12


def test_a_reply_of_another_servo_is_a_stray(bench: Any) -> None:
    bench.bus.read("ID", "lift")
    bench.port.tampering.append(lambda reply: status(9, 0, bytes([77])) + reply)
    assert bench.bus.read("ID", "lift", ONCE) == 2
    assert bench.bus.counters.strays == 1


def test_a_line_that_never_becomes_quiet_ends_in_an_error(bench: Any) -> None:
    class Babble(type(bench.port)):  # type: ignore[misc]
        def readPort(self, length: int) -> bytes:  # noqa: N802
            return b"\x00" * length

        def getBytesAvailable(self) -> int:  # noqa: N802
            return 64

    bench.attach(Babble(bench.wire))
    with pytest.raises(CorruptReplyError, match="does not go quiet"):
        bench.bus.read("ID", "lift", ONCE)
    assert bench.port.writes == 0


@pytest.mark.parametrize("where", ["writePort", "readPort", "clearPort", "getBytesAvailable"])
@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EIO, "Input/output error"),
        termios.error(errno.EIO, "Input/output error"),
        serial.SerialException("device reports readiness to read but returned no data"),
    ],
)
def test_an_unplugged_port_is_a_lost_port(
    bench: Any, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
) -> None:
    bench.bus.read("ID", "lift")

    def unplugged(*_: object) -> None:
        raise error

    monkeypatch.setattr(bench.port, where, unplugged)
    with pytest.raises(PortLostError, match="lockstep was lost") as caught:
        bench.bus.sync_read("Present_Position", NAMES, PATIENT)
    assert caught.value.__cause__ is error
    assert bench.bus.counters.retries == 0
    assert not bench.bus.is_open
    assert not bench.port.is_using
    with pytest.raises(PortLostError, match="not open"):
        bench.bus.read("ID", "lift")
    bench.bus.close()


def test_after_an_interrupt_the_port_is_usable_again(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(length: int) -> bytes:
        raise KeyboardInterrupt

    place(bench, "elbow", 111)
    bench.bus.read("ID", "lift")
    bench.port.delays.append(0.0005)
    with monkeypatch.context() as patch:
        patch.setattr(bench.port, "readPort", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bench.bus.read("Present_Position", "elbow")
    place(bench, "elbow", 222)
    assert bench.bus.read("Present_Position", "elbow", ONCE) == 222


@pytest.mark.parametrize(
    ("register", "sizes"),
    [
        ("Present_Position", [4, 5, 6, 7]),
        ("Present_Temperature", [1, 2, 1, 1]),
        ("Hardware_Error_Status", [1, 1, 1, 1]),
        ("LED", [1, 1, 1, 1]),
    ],
)
def test_after_failures_more_is_read_along_but_nothing_beyond_what_is_mapped(
    bench: Any, register: str, sizes: list[int]
) -> None:
    expected = bench.servos["elbow"].value(register)
    asked: list[int] = []

    def unanswered(reply: bytes) -> bytes:
        asked.append(len(reply) - 11)
        return b""

    bench.port.tampering.extend([unanswered] * 4)
    assert bench.bus.read(register, "elbow", Retry(attempts=5, budget_s=10.0)) == expected
    assert asked == sizes


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (HardwareError.INPUT_VOLTAGE, "input voltage.*check the power supply"),
        (HardwareError.OVERHEATING, "overheating.*cool down"),
        (HardwareError.ENCODER, "encoder.*replace"),
        (HardwareError.ELECTRICAL_SHOCK, "electrical shock.*wiring"),
        (HardwareError.OVERLOAD, "overload.*free the joint"),
    ],
)
def test_a_servo_in_trouble_is_named_with_the_way_out(
    bench: Any, error: HardwareError, words: str
) -> None:
    bench.servos["elbow"].fail(error)
    with pytest.raises(ServoAlertError, match=rf"Servo 3 \(elbow\).*{words}.*power off") as caught:
        bench.bus.sync_read("Present_Position", NAMES)
    assert (caught.value.motor, caught.value.status) == ("elbow", int(error))
    assert bench.bus.counters.alerts == 1
    with pytest.raises(ServoAlertError):
        bench.bus.read("ID", "elbow")
    with pytest.raises(ServoAlertError):
        bench.bus.ping("elbow")
    bench.servos["elbow"].reboot()
    assert bench.bus.sync_read("Present_Position", NAMES).shape == (3,)


def test_a_write_to_a_servo_in_trouble_is_done_and_reported(bench: Any) -> None:
    bench.servos["elbow"].fail(HardwareError.OVERLOAD)
    with pytest.raises(ServoAlertError):
        bench.bus.write("LED", "elbow", 1)
    assert bench.servos["elbow"].value("LED") == 1


def test_an_alert_that_has_gone_when_asked_about_is_no_error(bench: Any) -> None:
    bench.port.tampering.append(lambda reply: status(3, 0x80, b"\x03"))
    assert bench.bus.read("ID", "elbow") == 3
    assert bench.bus.counters.alerts == 1


def test_a_refusal_says_which_register_and_why_and_is_not_repeated(bench: Any) -> None:
    bench.bus.write("Torque_Enable", "wrist", 1)
    with pytest.raises(ServoRefusedError, match=r"Servo 4 \(wrist\).*EEPROM.*Homing_Offset"):
        bench.bus.write("Homing_Offset", "wrist", 5)
    assert bench.bus.counters.refused == 1
    assert bench.bus.counters.retries == 0
