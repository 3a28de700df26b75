import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.frame import Image
from lerecord.recording.recorder.spool import SpoolingQueue


def jpeg(number: int, size: int = 100) -> Image:
    return Image(bytes([number % 256]) * size, float(number), number)


def same(left: object, right: object) -> bool:
    if not isinstance(left, Image) or not isinstance(right, Image):
        return left == right
    assert (left.captured_at, left.sequence) == (right.captured_at, right.sequence)
    return type(left.data) is type(right.data) and np.array_equal(left.data, right.data)


@given(st.lists(st.sampled_from(["jpeg", "pixels", "command", "get"]), max_size=60))
def test_whatever_goes_in_comes_out_in_order(steps: list[str]) -> None:
    queue: SpoolingQueue[str] = SpoolingQueue(limit_bytes=250)
    folder = Path(os.environ["PYTEST_SPOOL"])
    queue.spool_to(folder / "spool")
    expected: list[Image | str] = []
    for number, step in enumerate(steps):
        if step == "get":
            if expected:
                assert same(queue.get(), expected.pop(0))
            continue
        pixels = np.full((4, 5, 3), number, dtype=np.uint8)
        items: dict[str, Image | str] = {
            "jpeg": jpeg(number),
            "pixels": Image(pixels, 0.5, number),
            "command": str(number),
        }
        item = items[step]
        queue.put(item)
        expected.append(item)
    assert len(queue) == len(expected)
    queue.close()
    for item in expected:
        assert same(queue.get(), item)


@pytest.fixture(autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_SPOOL", str(tmp_path_factory.mktemp("spool")))


def test_memory_holds_no_more_than_its_limit(tmp_path: Path) -> None:
    queue: SpoolingQueue[str] = SpoolingQueue(limit_bytes=1000)
    queue.spool_to(tmp_path / "spool")
    for number in range(100):
        queue.put(jpeg(number))
    assert queue.spooled == 90
    assert not list(tmp_path.iterdir())  # the file has no name to be left behind
    for number in range(100):
        assert same(queue.get(), jpeg(number))
    queue.put(jpeg(7))
    assert queue.spooled == 90  # memory is free again
    queue.close()


def test_what_was_spooled_for_one_take_is_read_while_the_next_spools(tmp_path: Path) -> None:
    queue: SpoolingQueue[str] = SpoolingQueue(limit_bytes=0)
    for take in range(3):
        queue.spool_to(tmp_path / "spool")
        for number in range(5):
            queue.put(jpeg(take * 5 + number))
    queue.close()
    for number in range(15):
        assert same(queue.get(), jpeg(number))
