"""What a process that does one thing again and again, when asked, says of each time."""

from dataclasses import dataclass

from lerecord.processes.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Ask:
    """Do it once more, with everything as it is now."""


@dataclass(frozen=True, slots=True)
class Finished:
    """It is done, for so many episodes."""

    episodes: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Why it could not be done this time; the next time may work."""

    message: str


REQUESTS = Vocabulary("do", errand=Ask)
OUTCOMES = Vocabulary("event", finished=Finished, failed=Failed)
