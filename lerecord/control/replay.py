"""The source that is an episode: the followers do again what was recorded."""

from dataclasses import dataclass

import numpy as np

from lerecord.control.source import Action, Driver, Observation, Vector


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What an episode asked of the followers, and where it brought them; N frames, D joints.

    Attributes:
        actions: (N, D) goals as they were sent.
        states: (N, D) measured positions.
    """

    actions: Vector
    states: Vector


class Replay:
    """The followers go where an episode sent them; its clock stands still until they are there.

    Args:
        recording: the episode.
        rate: frames of the episode a tick; what lies between two frames is interpolated.
    """

    name = "replay"

    def __init__(self, recording: Recording, rate: float = 1.0) -> None:
        self._recording = recording
        self._rate = rate
        self._last = len(recording.actions) - 1
        self._at = 0.0
        self._tick: int | None = None
        self._errors: list[Vector] = []

    @property
    def is_over(self) -> bool:
        """The last frame was asked for."""
        return self._at >= self._last and bool(self._errors)

    @property
    def frames(self) -> int:
        """How many there are."""
        return self._last + 1

    @property
    def reached(self) -> int:
        """The frame that was asked for last, counted from 1; 0 while the arms are on their way."""
        return int(self._at) + 1 if self._errors else 0

    @property
    def errors(self) -> Vector:
        """(T, D) units between where the followers were in each tick and where the episode was."""
        return np.array(self._errors, np.float32).reshape(-1, self._recording.states.shape[1])

    def enter(self, observation: Observation) -> None:
        """Go on from the frame at which the episode stands."""
        self._tick = None

    def next(self, observation: Observation) -> Action | None:
        """The goal of the frame that is due, or between two."""
        tick = observation.tick.index
        if not observation.arrived:
            self._tick = None
        else:
            passed = 0 if self._tick is None else tick - self._tick
            self._at = min(self._at + passed * self._rate, self._last)
            self._tick = tick
            if observation.state_valid:
                self._errors.append(np.abs(observation.state - self._between("states")))
        return Action(self._between("actions"), Driver.REPLAY)

    def _between(self, name: str) -> Vector:
        values: Vector = getattr(self._recording, name)
        before = int(self._at)
        after = min(before + 1, self._last)
        share = np.float32(self._at - before)
        mixed: Vector = values[before] + share * (values[after] - values[before])
        return mixed
