import threading

import pytest

from lerecord.hub.waiting import Allowance, TooSlowError, each_within, within


def test_what_hangs_is_left_behind() -> None:
    forever = threading.Event()
    with pytest.raises(TooSlowError, match="no answer within 0 s"):
        within(0.05, forever.wait)
    forever.set()


def test_a_result_and_a_failure_come_back() -> None:
    assert within(5, lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)


def test_no_work_goes_on_when_one_has_failed() -> None:
    ended: list[int] = []
    begun = threading.Barrier(2)

    def fail() -> None:
        begun.wait(5)
        raise ZeroDivisionError

    def work() -> None:
        begun.wait(5)
        threading.Event().wait(0.05)
        ended.append(1)

    with pytest.raises(ZeroDivisionError):
        each_within(5, [fail, work, work, work], 2)
    assert ended == [1]


def test_an_allowance_grows_with_the_size() -> None:
    time = [100.0]
    allowance = Allowance(10.0, 1_000_000, lambda: time[0])
    assert allowance.seconds == 130.0
    time[0] += 130
    allowance.require()
    time[0] += 0.1
    with pytest.raises(TooSlowError, match="more than 130 s"):
        allowance.require()
