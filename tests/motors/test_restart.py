from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.motors import Motor, MotorBus, RestartWatch, ServoError
from lerecord.motors.dynamixel import COUNTS_PER_TURN
from lerecord.motors.feetech import STS3215
from lerecord.motors.retry import ONCE

HERE = np.array([2048, 2048, 2048])
NAMES = ("lift", "elbow", "wrist")


def watching(bench: Any, *held: str) -> RestartWatch:
    for name in held:
        bench.bus.write("Torque_Enable", name, 1)
    watch = RestartWatch("main follower", bench.bus, ONCE)
    watch.begin(held)
    return watch


def failure(watch: RestartWatch) -> ServoError | None:
    try:
        watch.after_read(HERE)
    except ServoError as error:
        return error
    return None


def test_a_servo_that_lost_its_torque_is_found_within_half_a_second(bench: Any) -> None:
    watch = watching(bench, *NAMES)
    for _ in range(40):
        watch.after_read(HERE)
    asked = bench.bus.counters.transactions
    bench.servos["wrist"].reboot()
    reads = 0
    while bench.bus.counters.transactions == asked:
        reads += 1
        error = failure(watch)
    assert 2 <= reads <= 16  # a read takes one transaction more only now and then
    assert error is not None
    assert error.motor == "wrist"
    assert str(error).startswith("wrist of the main follower has no torque any more, as after")
    assert failure(watch) is not None  # it does not come back by itself
    bench.bus.write("Torque_Enable", "wrist", 1)
    watch.begin(NAMES)
    watch.after_read(HERE)


def test_after_a_read_that_failed_it_is_found_at_once(bench: Any) -> None:
    watch = watching(bench, "elbow")
    watch.after_read(HERE)
    bench.servos["elbow"].reboot()
    watch.after_failure()
    with pytest.raises(ServoError, match=r"^elbow of"):
        watch.after_read(HERE)


def test_where_nothing_is_held_nothing_is_asked(bench: Any) -> None:
    watch = watching(bench)
    asked = bench.bus.counters.transactions
    for _ in range(100):
        watch.after_failure()
        watch.after_read(HERE)
    assert bench.bus.counters.transactions == asked


def test_a_check_that_gets_no_answer_is_made_again_at_the_next_read(bench: Any) -> None:
    watch = watching(bench, "elbow")
    bench.servos["elbow"].reboot()
    watch.after_failure()
    bench.port.tampering.append(lambda reply: b"")
    watch.after_read(HERE)
    assert bench.bus.counters.timeouts == 1
    with pytest.raises(ServoError):
        watch.after_read(HERE)


@given(st.integers(-30_000, 30_000))
def test_a_jump_of_more_than_half_a_turn_is_a_restart(make_bench: Any, jump: int) -> None:
    watch = watching(make_bench())
    watch.after_read(HERE)
    moved = HERE + np.array([0, jump, 0])
    if abs(jump) <= COUNTS_PER_TURN // 2:
        watch.after_read(moved)
        return
    for _ in range(2):  # and it stays one
        with pytest.raises(ServoError, match=r"^elbow of the main follower reads a turn away"):
            watch.after_read(moved)
    watch.begin(())
    watch.after_read(moved)


def test_a_servo_that_counts_no_turns_may_be_anywhere_at_the_next_read(bench: Any) -> None:
    class Buses:
        motors = tuple(Motor(name, at, STS3215) for at, name in enumerate(NAMES))

    watch = RestartWatch("main leader", cast("MotorBus", Buses()), ONCE)
    watch.after_read(HERE)
    watch.after_read(HERE + 2047)
    watch.after_read(HERE - 2047)
