import threading

import pytest

from lerecord.dataset.edit.ahead import Ahead

LARGE = 1 << 20


def test_everything_is_done_when_the_block_ends() -> None:
    done = []
    with Ahead() as ahead:
        for number in range(100):
            ahead.do(lambda number=number: done.append(number), LARGE)  # type: ignore[misc]
    assert sorted(done) == list(range(100))


def test_no_more_than_a_few_pieces_are_ahead() -> None:
    handed_out, gate = [], threading.Event()

    def wait() -> None:
        gate.wait(10)

    def hand_out() -> None:
        with Ahead() as ahead:
            for number in range(50):
                ahead.do(wait, LARGE)
                handed_out.append(number)

    thread = threading.Thread(target=hand_out)
    thread.start()
    thread.join(0.2)
    assert len(handed_out) == 8
    gate.set()
    thread.join()
    assert len(handed_out) == 50


def test_a_piece_that_raises_ends_the_block_and_drops_the_rest() -> None:
    done = []

    def fail() -> None:
        raise OSError("the disk is full")

    def hand_out() -> None:
        with Ahead() as ahead:
            ahead.do(fail, LARGE)
            for number in range(1000):
                ahead.do(lambda number=number: done.append(number), LARGE)  # type: ignore[misc]

    with pytest.raises(OSError, match="full"):
        hand_out()
    assert len(done) < 1000


def test_a_small_piece_is_done_at_once_and_in_no_other_thread() -> None:
    threads: list[threading.Thread] = []
    with Ahead() as ahead:
        ahead.do(lambda: threads.append(threading.current_thread()), 4000)
        assert threads == [threading.current_thread()]
        ahead.do(lambda: threads.append(threading.current_thread()), LARGE)
    assert threads[1] is not threading.current_thread()
