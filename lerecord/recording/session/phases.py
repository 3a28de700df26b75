"""Phases of a session, and the commands that lead from one to the next."""

from enum import Enum, StrEnum, auto
from typing import Protocol

from lerecord.recording.session.task_queue import QueueEdit


class Phase(StrEnum):
    """Where a session stands."""

    RESETTING = "resetting"
    CATCHING_UP = "catching up"  # a take was asked for, and the follower is not there yet
    RECORDING = "recording"
    PAUSED = "paused"
    ASKING = "asking"
    CONFIRMING = "confirming"  # a take ended by a key after less than a second: kept or not?
    DRIVING = "driving"  # nothing is recorded
    HOLDING = "holding"  # the followers stay where they are until the source may go on
    DONE = "done"


class Command(StrEnum):
    """What an operator can ask for; what it does depends on the phase."""

    GO = "go"
    SAVE = "save"
    CONFIRM = "confirm"  # end the take, and ask whether it is to be saved
    LEAVE = "leave"
    DISCARD = "discard"
    REDO = "redo"
    PAUSE = "pause"
    HOLD = "hold"
    RESUME = "resume"
    ACCEPT = "accept"  # that arms are not where they should be
    TAKE_OVER = "take over"  # a person drives instead of a policy, until RESUME
    SUCCEED = "succeed"  # the take that runs, which it ends, or the one saved last is a success
    FAIL = "fail"  # likewise a failure
    FOUND_DONE = "found done"  # a simulator says so of the take saved last, if nobody else has
    FOUND_UNDONE = "found undone"
    NEXT_TASK = "next task"  # of those of a queue, for the next take
    TASK_BEFORE = "task before"
    QUIT = "quit"
    STOP = "stop"


class Operator(Protocol):
    """Asked once a tick; must never wait."""

    def poll(self) -> Command | QueueEdit | None:
        """The next thing asked for, or None."""
        ...

    def enter(self, phase: Phase) -> None:
        """The session has entered a phase."""
        ...


class Action(Enum):
    """What happens to the take, or to whoever drives, when a command is obeyed."""

    NOTHING = auto()
    BEGIN = auto()
    SAVE = auto()
    DISCARD = auto()
    LEAVE = auto()  # keep it staged, to be salvaged
    NEXT_TASK = auto()
    TASK_BEFORE = auto()
    REDO_SAVED = auto()  # the next take replaces the one just saved, or does not after all
    HOLD = auto()
    RESUME = auto()
    TAKE_OVER = auto()
    ACCEPT = auto()
    SUCCEED = auto()
    FAIL = auto()
    FIND_DONE = auto()
    FIND_UNDONE = auto()


BECAME = {
    Action.LEAVE: "The take of {:.1f} s was ended and is kept for `lerecord recover`.",
    Action.DISCARD: "The take of {:.1f} s was discarded.",
    Action.SAVE: "The take was shorter than two frames and was discarded.",
}
"""What is told of a take that was not saved, by how it ended; after its seconds."""
_BETWEEN = (Phase.RESETTING, Phase.CATCHING_UP, Phase.PAUSED)
TRANSITIONS: dict[tuple[Phase, Command], tuple[Action, Phase]] = {
    (Phase.RESETTING, Command.GO): (Action.BEGIN, Phase.RECORDING),
    (Phase.RESETTING, Command.REDO): (Action.REDO_SAVED, Phase.RESETTING),
    (Phase.RESETTING, Command.ACCEPT): (Action.ACCEPT, Phase.RESETTING),
    (Phase.RESETTING, Command.TAKE_OVER): (Action.TAKE_OVER, Phase.RESETTING),
    (Phase.RESETTING, Command.PAUSE): (Action.NOTHING, Phase.PAUSED),
    (Phase.RESETTING, Command.QUIT): (Action.NOTHING, Phase.DONE),
    (Phase.RESETTING, Command.STOP): (Action.NOTHING, Phase.DONE),
    (Phase.CATCHING_UP, Command.GO): (Action.BEGIN, Phase.RECORDING),
    (Phase.CATCHING_UP, Command.REDO): (Action.REDO_SAVED, Phase.CATCHING_UP),
    (Phase.CATCHING_UP, Command.PAUSE): (Action.NOTHING, Phase.PAUSED),
    (Phase.CATCHING_UP, Command.QUIT): (Action.NOTHING, Phase.DONE),
    (Phase.CATCHING_UP, Command.STOP): (Action.NOTHING, Phase.DONE),
    (Phase.PAUSED, Command.GO): (Action.NOTHING, Phase.RESETTING),
    (Phase.PAUSED, Command.PAUSE): (Action.NOTHING, Phase.RESETTING),
    (Phase.PAUSED, Command.QUIT): (Action.NOTHING, Phase.DONE),
    (Phase.PAUSED, Command.STOP): (Action.NOTHING, Phase.DONE),
    (Phase.RECORDING, Command.GO): (Action.SAVE, Phase.RESETTING),
    (Phase.RECORDING, Command.SAVE): (Action.SAVE, Phase.RESETTING),
    (Phase.RECORDING, Command.CONFIRM): (Action.NOTHING, Phase.CONFIRMING),
    (Phase.RECORDING, Command.REDO): (Action.DISCARD, Phase.RESETTING),
    (Phase.RECORDING, Command.HOLD): (Action.HOLD, Phase.RECORDING),
    (Phase.RECORDING, Command.RESUME): (Action.RESUME, Phase.RECORDING),
    (Phase.RECORDING, Command.TAKE_OVER): (Action.TAKE_OVER, Phase.RECORDING),
    (Phase.RECORDING, Command.QUIT): (Action.NOTHING, Phase.ASKING),
    (Phase.RECORDING, Command.STOP): (Action.LEAVE, Phase.DONE),
    (Phase.ASKING, Command.SAVE): (Action.SAVE, Phase.DONE),
    (Phase.ASKING, Command.GO): (Action.SAVE, Phase.RESETTING),
    (Phase.ASKING, Command.REDO): (Action.DISCARD, Phase.RESETTING),
    (Phase.ASKING, Command.DISCARD): (Action.DISCARD, Phase.DONE),
    (Phase.ASKING, Command.LEAVE): (Action.LEAVE, Phase.DONE),
    (Phase.ASKING, Command.QUIT): (Action.LEAVE, Phase.DONE),
    (Phase.ASKING, Command.STOP): (Action.LEAVE, Phase.DONE),
    (Phase.CONFIRMING, Command.SAVE): (Action.SAVE, Phase.RESETTING),
    (Phase.CONFIRMING, Command.DISCARD): (Action.DISCARD, Phase.RESETTING),
    (Phase.CONFIRMING, Command.REDO): (Action.DISCARD, Phase.RESETTING),
    (Phase.CONFIRMING, Command.QUIT): (Action.NOTHING, Phase.ASKING),
    (Phase.CONFIRMING, Command.STOP): (Action.LEAVE, Phase.DONE),
    (Phase.DRIVING, Command.GO): (Action.BEGIN, Phase.DRIVING),
    (Phase.DRIVING, Command.SAVE): (Action.NOTHING, Phase.DONE),  # what was to be done is done
    (Phase.DRIVING, Command.HOLD): (Action.HOLD, Phase.HOLDING),
    (Phase.DRIVING, Command.RESUME): (Action.RESUME, Phase.DRIVING),
    (Phase.DRIVING, Command.TAKE_OVER): (Action.TAKE_OVER, Phase.DRIVING),
    (Phase.DRIVING, Command.QUIT): (Action.NOTHING, Phase.DONE),
    (Phase.DRIVING, Command.STOP): (Action.NOTHING, Phase.DONE),
    (Phase.HOLDING, Command.RESUME): (Action.RESUME, Phase.DRIVING),
    (Phase.HOLDING, Command.TAKE_OVER): (Action.TAKE_OVER, Phase.DRIVING),
    (Phase.HOLDING, Command.QUIT): (Action.NOTHING, Phase.DONE),
    (Phase.HOLDING, Command.STOP): (Action.NOTHING, Phase.DONE),
    **{
        (phase, command): (action, Phase.RESETTING if phase is Phase.RECORDING else phase)
        for phase in (*_BETWEEN, Phase.RECORDING)
        for command, action in ((Command.SUCCEED, Action.SUCCEED), (Command.FAIL, Action.FAIL))
    },
    **{
        (phase, command): (action, phase)
        for phase in (*_BETWEEN, Phase.RECORDING)
        for command, action in (
            (Command.FOUND_DONE, Action.FIND_DONE),
            (Command.FOUND_UNDONE, Action.FIND_UNDONE),
        )
    },
    **{
        (phase, command): (action, phase)
        for phase in _BETWEEN
        for command, action in (
            (Command.NEXT_TASK, Action.NEXT_TASK),
            (Command.TASK_BEFORE, Action.TASK_BEFORE),
        )
    },
}
