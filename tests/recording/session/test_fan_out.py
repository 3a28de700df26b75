from typing import Any, cast

import pytest

from lerecord.recording.session import FanOut

ANY = cast("Any", None)


class Heard:
    def __init__(self, fails: Exception | None = None) -> None:
        self.fails = fails
        self.ticks = 0
        self.notices: list[str] = []

    def tell(self, session: object, frame: object) -> None:
        self.ticks += 1
        if self.fails is not None:
            raise self.fails

    def notice(self, sentence: str) -> None:
        self.notices.append(sentence)


class Screen(Heard):
    pass


class Mute(Heard):
    def notice(self, sentence: str) -> None:
        raise ValueError("cannot speak")


@pytest.mark.parametrize("failure", [ValueError("no room"), OSError(5, "no room"), KeyError()])
def test_a_listener_that_raises_is_dropped_and_the_others_are_told_once(failure: Exception) -> None:
    lost, kept, listeners = Screen(failure), Heard(), FanOut()
    listeners.add(lost)
    listeners.add(kept)
    for _ in range(5):
        listeners.tell(ANY, ANY)
    assert (lost.ticks, kept.ticks) == (1, 5)
    assert len(kept.notices) == 1
    assert kept.notices[0].startswith("The session continues without its screen: ")
    assert str(failure) in kept.notices[0]


def test_a_substitute_takes_over_and_says_why() -> None:
    made: list[Heard] = []

    def lines() -> Heard:
        made.append(Heard())
        return made[0]

    listeners = FanOut()
    listeners.add(Screen(ValueError("gone")), substitute=lines)
    for _ in range(3):
        listeners.tell(ANY, ANY)
    assert [each.ticks for each in made] == [2]
    assert made[0].notices == ["The session continues without its screen: gone"]


def test_listeners_that_fail_at_each_other_s_loss_end_nothing() -> None:
    listeners, kept = FanOut(), Heard()
    for listener in (Mute(ValueError()), Screen(ValueError()), Mute(), kept):
        listeners.add(listener)
    for _ in range(3):
        listeners.tell(ANY, ANY)
    listeners.notice("Still here.")
    assert kept.ticks == 3
    assert kept.notices[-1] == "Still here."
    assert len(kept.notices) == 4  # each of the three is told once
