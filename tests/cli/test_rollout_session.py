import pytest

from lerecord.cli.rollout_session import TakesOver, renamed
from lerecord.errors import ConfigError
from lerecord.policy import Turn
from lerecord.recording.session import Command, Phase


def test_cameras_are_renamed_as_given() -> None:
    assert renamed(["front=top", "wrist=hand"]) == {"front": "top", "wrist": "hand"}
    for wrong in ("front", "front=", "=top", ""):
        with pytest.raises(ConfigError, match="--rename takes CAMERA=NAME"):
            renamed([wrong])


class Clock:
    turn = Turn.POLICY
    now = 0.0


def test_the_simulated_person_takes_over_once_a_rollout_and_gives_back() -> None:
    clock = Clock()
    person = TakesOver(clock, 2.0, 1.0, lambda: clock.now)
    for _ in range(2):
        person.enter(Phase.RESETTING)
        clock.now += 5.0
        assert person.poll() is None
        person.enter(Phase.RECORDING)
        asked = []
        for tick in range(80):
            clock.now += 0.125
            if tick == 40:
                clock.turn = Turn.PERSON  # aligned
            if (command := person.poll()) is not None:
                asked.append((tick, command))
        assert asked == [(15, Command.TAKE_OVER), (47, Command.RESUME)]
        clock.turn = Turn.POLICY
