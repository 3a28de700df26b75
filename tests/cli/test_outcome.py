from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lerecord.cli.outcome import Outcome, wilson
from lerecord.recording.recorder import Saved
from lerecord.recording.session import TaskCount


def test_takes_that_were_kept_are_named_with_the_command_that_brings_them_back() -> None:
    outcome = Outcome("my data/box", (), ("first",), 0, (), ("second",))
    assert list(outcome.lines()) == [
        "Not saved, but kept: first, second. `lerecord recover 'my data/box'` turns them into "
        "episodes.",
        "No episode was saved.",
    ]
    one = Outcome("box", (), (), 0, (), ("only",))
    assert next(one.lines()) == (
        "Not saved, but kept: only. `lerecord recover box` turns it into an episode."
    )


def saved(episode: int, replaced: bool = False) -> Saved:
    return Saved(episode, replaced, "Grab it", 60, 2.0, 0, 0, (), 0.1)


def outcome(
    committed: list[Saved], endings: list[int | None], stood: list[bool], *left: str
) -> Outcome:
    recorder = SimpleNamespace(saved=committed, unsaved=[], left=list(left), spooled=0)
    return Outcome.of(Path("box"), cast("Any", recorder), endings, stood)


@pytest.mark.parametrize(
    ("committed", "endings", "stood", "told"),
    [
        ([saved(0), saved(1)], [0, None, 1], [True, True, False], "1 of 2 saved episodes"),
        ([saved(0), saved(0, replaced=True)], [0, 0], [False, True], "1 of 1 saved episode"),
        ([saved(0)], [0, 1], [True, True], "1 of 1 saved episode"),  # the second is not committed
        ([saved(0)], [0, None], [True], "1 of 1 saved episode"),  # the simulator died in the take
    ],
)
def test_where_the_box_stood_counts_saved_episodes_only(
    committed: list[Saved], endings: list[int | None], stood: list[bool], told: str
) -> None:
    lines = list(outcome(committed, endings, stood).lines())
    assert f"The box stood on the target in {told}." in lines


def test_the_end_tells_how_far_each_task_is() -> None:
    told = replace(outcome([saved(0)], [0], []), tasks=(TaskCount("Grab it", 9, 5),))
    assert "5 of 9: Grab it" in list(told.lines())
    assert told.to_data()["tasks"] == ({"task": "Grab it", "wanted": 9, "done": 5},)


def test_the_end_tells_what_became_of_every_take() -> None:
    assert list(outcome([saved(0)], [None, 0, None, None], [], "third").lines()) == [
        "episode 0: 60 frames, 2.0 s, Grab it",
        "Discarded: 2 takes.",
        "Not saved, but kept: third. `lerecord recover box` turns it into an episode.",
        "The dataset is box; `lerecord check box` verifies it.",
    ]


@pytest.mark.parametrize(
    ("successes", "trials", "interval"),
    [(0, 10, (0.0, 0.278)), (10, 10, (0.722, 1.0)), (15, 20, (0.531, 0.888))],
)
def test_a_share_of_few_trials_is_an_interval(
    successes: int, trials: int, interval: tuple[float, float]
) -> None:
    assert wilson(successes, trials) == pytest.approx(interval, abs=0.001)
