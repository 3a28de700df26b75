"""Plans: which episode becomes which, for any datasets and any wish."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.errors import DatasetError
from lerecord.fleet import Wish
from lerecord.fleet.catalog import EpisodeFacts, SourceFacts
from lerecord.fleet.plan import Plan, planned

LABELS = ("success", "failure", "unlabelled")
episodes = st.lists(
    st.tuples(st.integers(2, 3000), st.sampled_from("abc"), st.sampled_from(LABELS)), max_size=40
)
fleets = st.lists(episodes, min_size=1, max_size=5)
wishes = st.builds(
    Wish,
    st.sampled_from(["", "label = success", "label != failure and length > 10", "task = b"]),
    st.integers(0, 12),
    st.sampled_from([0.0, 0.01, 0.1, 1.0]),
    st.integers(0, 3),
)


def fleet(told: list[list[tuple[int, str, str]]]) -> list[SourceFacts]:
    return [
        SourceFacts(
            Path(f"/data/s{number % 2}/d{number}"),
            f"digest {number}",
            "koch",
            30,
            [
                EpisodeFacts(n, frames, (task,), label)
                for n, (frames, task, label) in enumerate(each)
            ],
        )
        for number, each in enumerate(told)
    ]


def rows(plan: Plan) -> list[tuple[Path, int, int, int]]:
    batches = [plan.batch(number) for number in range(plan.batches)]
    assert [each.first for each in batches] == list(range(0, len(plan), plan.batch_size))
    return [
        (each.root, each.episode, each.first_frame, each.frames)
        for batch in batches
        for each in batch.episodes
    ]


@settings(max_examples=30, deadline=None)
@given(fleets, wishes)
def test_a_plan_is_what_was_wished(told: list[list[tuple[int, str, str]]], wish: Wish) -> None:
    sources = fleet(told)
    by_root = {each.root: each for each in sources}
    try:
        plan = planned(sources, wish)
    except DatasetError:
        return
    found = rows(plan)
    assert len(found) == len(plan) > 0
    keys = [(root, episode) for root, episode, _, _ in found]
    order = [each.root for each in sources]
    assert keys == sorted({*keys}, key=lambda each: (order.index(each[0]), each[1]))
    first = 0
    for root, episode, first_frame, frames in found:
        assert (first_frame, frames) == (first, by_root[root].episodes[episode].frames)
        first += frames
    assert plan.frames == first
    tasks = [by_root[root].episodes[episode].tasks[0] for root, episode in keys]
    assert list(plan.tasks) == list(dict.fromkeys(tasks))
    assert not wish.task_balance or max(Counter(tasks).values()) <= wish.task_balance
    assert not wish.max_hours or first <= wish.max_hours * 3600 * 30
    assert [root for root, _ in plan.sources] == list(dict.fromkeys(root for root, _ in keys))
    again = planned(list(sources), wish)
    assert again.table.equals(plan.table)
    assert Plan.of(plan.header(), plan.table).digest(0, "x") == plan.digest(0, "x")


@settings(max_examples=20, deadline=None)
@given(fleets, st.integers(1, 3))
def test_lots_do_not_depend_on_where_the_folders_lie_or_in_which_order_they_are_given(
    told: list[list[tuple[int, str, str]]], balance: int
) -> None:
    sources = fleet(told)
    wish = Wish(task_balance=balance)
    try:
        plan = planned(sources, wish)
    except DatasetError:
        return
    moved = [
        SourceFacts(
            Path("/mnt") / each.root.relative_to("/data"), each.digest, "koch", 30, each.episodes
        )
        for each in sources
    ]
    other = planned([*reversed(moved)], wish)
    names = {(root.name, episode) for root, episode, _, _ in rows(plan)}
    assert {(root.name, episode) for root, episode, _, _ in rows(other)} == names


def test_what_cannot_be_taken_is_left_and_the_others_move_up() -> None:
    sources = fleet([[(10, "a", "success")] * 3, [(20, "b", "success")] * 2])
    plan = planned(sources, Wish(), {("/data/s0/d0", 1)})
    assert [(root.name, *rest) for root, *rest in rows(plan)] == [
        ("d0", 0, 0, 10),
        ("d0", 2, 10, 10),
        ("d1", 0, 20, 20),
        ("d1", 1, 40, 20),
    ]


def test_a_batch_has_another_digest_when_its_files_would_be_others() -> None:
    told = [[(10, "a", "success")] * 60]
    plan = planned(fleet(told), Wish())
    shorter = planned(fleet(told), Wish(), {("/data/s0/d0", 30)})
    assert plan.digest(0, "x") == shorter.digest(0, "x")
    assert plan.digest(9, "x") == shorter.digest(9, "x")
    assert plan.digest(10, "x") != shorter.digest(10, "x")
    assert plan.digest(0, "x") != plan.digest(0, "y")


def test_nothing_wanted_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"None of the 1 episodes"):
        planned(fleet([[(10, "a", "success")]]), Wish("label = failure"))
