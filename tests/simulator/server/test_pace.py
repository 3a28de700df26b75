import re

import pytest

from lerecord.simulator.server.pace import cores, too_slow


@pytest.mark.parametrize(
    ("needed", "said"),
    [
        ({}, None),
        ({"front": 0.4, "wrist": 0.8}, None),
        (
            {"front": 0.1, "wrist": 2.5},
            "camera wrist cannot keep .* takes this machine 2.5 times",
        ),
        ({"front": 0.9, "wrist": 0.95}, "camera wrist"),
        ({"a": 0.7, "b": 0.7, "c": 0.7}, r"drawing needs 2\.1 of the 2 cores"),
    ],
)
def test_cameras_that_cannot_keep_their_rates_are_named(
    needed: dict[str, float], said: str | None
) -> None:
    found = too_slow(needed, 2)
    if said is None:
        assert found is None
    else:
        assert found is not None
        assert re.search(said, found)


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1
