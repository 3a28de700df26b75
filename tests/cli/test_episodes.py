from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.cli.episodes import indices
from lerecord.cli.group import UsageError

NOWHERE = Path("nowhere")


def test_numbers_and_ranges_name_episodes_in_their_order() -> None:
    assert indices(["3", "7-9", "0"], NOWHERE) == [3, 7, 8, 9, 0]


@pytest.mark.parametrize("word", ["7-3", "1.5", "three", "0-9999999999", "-1", ""])
def test_what_names_no_episode_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="is not an episode"):
        indices([word], NOWHERE)


def test_an_episode_is_named_once() -> None:
    assert indices(["3", "2-4", "3"], NOWHERE) == [3, 2, 4]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), min_size=1, max_size=5))
def test_a_range_has_both_its_ends(ranges: list[tuple[int, int]]) -> None:
    named = indices([f"{first}-{first + more}" for first, more in ranges], NOWHERE)
    assert set(named) == {i for first, more in ranges for i in range(first, first + more + 1)}
