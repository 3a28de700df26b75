import threading

from hypothesis import given
from hypothesis import strategies as st

from lerecord.recording.recorder.batches import Batches


@given(st.lists(st.booleans()))
def test_everything_comes_once_and_in_order(lasts: list[bool]) -> None:
    batches: Batches[int] = Batches(patience_s=0.0)
    found: list[int] = []
    for number, last in enumerate(lasts):
        batches.put(number, last)
        if last:
            found += batches.get()
            assert found == list(range(number + 1))
    found += batches.get()  # impatient: what there is
    assert found == list(range(len(lasts)))
    assert batches.get() == []


def test_the_reader_sleeps_until_the_last_of_a_batch() -> None:
    batches: Batches[int] = Batches(patience_s=60.0)
    found: list[list[int]] = []
    reader = threading.Thread(target=lambda: found.append(batches.get()))
    reader.start()
    batches.put(1, last=False)
    batches.put(2, last=False)
    reader.join(0.05)
    assert reader.is_alive()
    batches.put(3, last=True)
    reader.join(10)
    assert found == [[1, 2, 3]]


def test_a_batch_that_is_never_complete_is_not_waited_for_for_ever() -> None:
    batches: Batches[int] = Batches(patience_s=0.01)
    batches.put(1, last=False)
    assert batches.get() == [1]
