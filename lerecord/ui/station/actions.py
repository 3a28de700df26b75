"""What can be asked for at a moment: the keys of the terminal, each a button."""

from dataclasses import dataclass

from lerecord.recording.session import Command, Phase
from lerecord.ui.snapshot import Snapshot
from lerecord.ui.terminal import QUEUE_KEYS, ROLLOUT_DRIVING_KEYS, ROLLOUT_KEYS, hints

_DRIVING = (Phase.DRIVING, Phase.HOLDING)
_NAMES = {"Enter": "\r", "Space": " "}


@dataclass(frozen=True, slots=True)
class Action:
    """A button.

    Attributes:
        key: on the keyboard, as people call it.
        words: what it does now.
        command: what is asked for.
    """

    key: str
    words: str
    command: Command


def actions(snapshot: Snapshot) -> tuple[Action, ...]:
    """The buttons of a moment, the most useful first; they are those that the terminal names."""
    phase = snapshot.phase
    keys = {**ROLLOUT_KEYS, **QUEUE_KEYS, **(ROLLOUT_DRIVING_KEYS if phase in _DRIVING else {})}
    kind = snapshot.rollout, snapshot.taught, snapshot.queue is not None
    found = [
        Action(key, words, _meant(keys[_NAMES.get(key, key)], phase))
        for hint in hints(phase, snapshot.saves > 0, *kind)
        for key, words in _each(*hint)
    ]
    if phase is Phase.RESETTING and "press a" in snapshot.trouble:
        found.append(Action("a", "record all the same", Command.ACCEPT))
    return tuple(found)


def _each(keys: str, words: str) -> list[tuple[str, str]]:
    """Two keys that the terminal names at once: `s/f`, success/failure."""
    several = keys.split("/")
    if len(several) == 1:
        return [(keys, words)]
    return list(zip(several, words.split("/"), strict=True))


def _meant(command: Command, phase: Phase) -> Command:
    if phase is Phase.HOLDING and command is Command.HOLD:
        return Command.RESUME
    asks = phase in (Phase.ASKING, Phase.CONFIRMING)
    return Command.SAVE if asks and command is Command.SUCCEED else command
