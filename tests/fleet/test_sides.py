"""Two sides: what belongs together is on one of them, and more datasets do not move it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lerecord.errors import ConfigError, DatasetError
from lerecord.fleet import Split, Wish
from lerecord.fleet.catalog import EpisodeFacts, SourceFacts
from lerecord.fleet.plan import Plan, planned
from lerecord.fleet.sides import BY, SIDES

tasks = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=2, unique=True).map(tuple)
episodes = st.lists(st.tuples(st.integers(2, 900), tasks), max_size=12)
fleets = st.lists(st.tuples(st.integers(0, 3), episodes), min_size=2, max_size=8)
splits = st.builds(Split, st.floats(0.05, 0.95), st.sampled_from(BY))
wishes = st.builds(
    Wish,
    where=st.sampled_from(["", "length > 5"]),
    task_balance=st.integers(0, 6),
    max_hours=st.sampled_from([0.0, 0.02]),
    seed=st.integers(0, 3),
    split=splits,
)
Told = list[tuple[int, list[tuple[int, tuple[str, ...]]]]]
Rows = list[tuple[str, int]]


def fleet(told: Told) -> list[SourceFacts]:
    return [
        SourceFacts(
            Path(f"/data/station {station}/set {number}"),
            f"digest {number}",
            "koch",
            30,
            [EpisodeFacts(n, frames, words) for n, (frames, words) in enumerate(each)],
        )
        for number, (station, each) in enumerate(told)
    ]


def rows(plan: Plan) -> Rows:
    table = plan.table.to_pylist()
    return [(each["folder"], each["source_episode"]) for each in table]


def sides(sources: list[SourceFacts], wish: Wish, left: set[tuple[str, int]]) -> list[Rows]:
    plans = [planned(sources, replace(wish, side=side), left) for side in SIDES]
    for side, plan in zip(SIDES, plans, strict=True):
        assert set(plan.table["side"].to_pylist()) == {side}
    return [rows(each) for each in plans]


@settings(max_examples=25, deadline=None)
@given(fleets, wishes)
def test_nothing_that_belongs_together_is_on_both_sides(told: Told, wish: Wish) -> None:
    sources = fleet(told)
    try:
        whole = planned(sources, wish)
    except DatasetError:
        assume(False)
    train, test = sides(sources, wish, set())
    assert sorted([*train, *test]) == sorted(rows(whole))
    assert len({*train, *test}) == len(train) + len(test)
    assert train
    assert test
    assert not {folder for folder, _ in train} & {folder for folder, _ in test}
    assert wish.split is not None
    by_folder = {str(each.root): each for each in sources}
    if wish.split.by == "station":
        stations = [{by_folder[folder].station for folder, _ in side} for side in (train, test)]
        assert not stations[0] & stations[1]
    if wish.split.by == "task":
        words = [
            {task for folder, n in side for task in by_folder[folder].episodes[n].tasks}
            for side in (train, test)
        ]
        assert not words[0] & words[1]
    assert sides([*reversed(sources)], wish, set())[1] != []
    assert [sorted(each) for each in sides([*reversed(sources)], wish, set())] == [
        sorted(each) for each in (train, test)
    ]


@settings(max_examples=10, deadline=None)
@given(fleets, wishes, st.integers(0, 99))
def test_what_cannot_be_taken_moves_nothing_to_the_other_side(
    told: Told, wish: Wish, number: int
) -> None:
    sources = fleet(told)
    try:
        train, test = sides(sources, wish, set())
        left = [*train, *test][number % len([*train, *test])]
        without = sides(sources, wish, {left})
    except DatasetError:
        assume(False)
    assert without == [[each for each in side if each != left] for side in (train, test)]


def test_more_datasets_move_nothing_to_the_other_side() -> None:
    told: Told = [(n % 20, [(300, ("a",))] * 5) for n in range(200)]
    wish = Wish(split=Split(0.2))
    few, many = fleet(told[:100]), fleet(told)
    train, test = sides(few, wish, set())
    more_train, more_test = sides(many, wish, set())
    assert {*train} < {*more_train}
    assert {*test} < {*more_test}
    assert 120 < len(more_test) < 280
    assert sides(many, replace(wish, seed=1), set())[1] != more_test


@pytest.mark.parametrize("by", BY)
def test_what_belongs_together_altogether_is_not_divided(by: str) -> None:
    sources = fleet([(1, [(300, ("a",)), (300, ("b",))])])
    with pytest.raises(DatasetError, match=f"belong to one {by}: "):
        planned(sources, Wish(split=Split(0.5, by)))


def test_a_split_that_means_nothing_is_refused() -> None:
    assert Split.parsed("", "dataset") is None
    assert Split.parsed("test=0.25", "station") == Split(0.25, "station")
    for text in ("0.1", "val=0.1", "test=some", "test="):
        with pytest.raises(ConfigError, match=r"means nothing; write test=SHARE"):
            Split.parsed(text, "dataset")
    for share in ("0", "1", "-1", "nan"):
        with pytest.raises(ConfigError, match="leaves one side empty"):
            Split.parsed(f"test={share}", "dataset")
    with pytest.raises(ConfigError, match="--split-by takes dataset, station, task"):
        Split.parsed("test=0.1", "hour")
