"""Numbers of things, as people read them."""

import pytest

from lerecord.counted import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 frames"), (1, "1 frame"), (2, "2 frames"), (1002, "1002 frames")]
)
def test_one_thing_has_no_s(number: int, said: str) -> None:
    assert counted(number, "frame") == said
