from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lerecord.cli.episodes import indices

NOWHERE = Path("nowhere")


def test_numbers_and_ranges_name_episodes_in_their_order() -> None:
    assert indices(["3", "7-9", "0"], NOWHERE) == [3, 7, 8, 9, 0]


def test_an_episode_is_named_once() -> None:
    assert indices(["3", "2-4", "3"], NOWHERE) == [3, 2, 4]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), min_size=1, max_size=5))
def test_a_range_has_both_its_ends(ranges: list[tuple[int, int]]) -> None:
    named = indices([f"{first}-{first + more}" for first, more in ranges], NOWHERE)
    assert set(named) == {i for first, more in ranges for i in range(first, first + more + 1)}
