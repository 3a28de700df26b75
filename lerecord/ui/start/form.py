"""What a person chose on the page, and what they are told: values that say nothing of a browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lerecord.recording.session import MOST_TASKS, Gate, Order

_LONGEST_NAME = 300
_LONGEST_SENTENCE = 2000  # what is too long for a task is said, and not refused as nonsense

_Name = Annotated[str, Field(max_length=_LONGEST_NAME)]
_Count = Annotated[int, Field(ge=-(10**12), le=10**12)]
_Seconds = Annotated[float, Field(allow_inf_nan=False)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TaskLine(_Said):
    """One task, and how many episodes of it are wanted; None where that is left open."""

    task: Annotated[str, Field(max_length=_LONGEST_SENTENCE)] = ""
    episodes: _Count | None = None


class Form(_Said):
    """A session as the page has it; nothing in it is believed before it was checked.

    Attributes:
        hardware: the name of a config.
        dataset: the name of a folder.
        tasks: at least one.
        order: of several tasks.
        episode_time, reset_time: seconds; None where nothing goes by time.
        labels: a new dataset gets columns for them.
        gate: what a verdict on a take may do.
    """

    hardware: _Name = ""
    dataset: _Name = ""
    tasks: Annotated[tuple[TaskLine, ...], Field(min_length=1, max_length=MOST_TASKS)] = (
        TaskLine(),
    )
    order: Order = Order.IN_ORDER
    episode_time: _Seconds | None = None
    reset_time: _Seconds | None = None
    labels: bool = False
    gate: Gate = Gate.ASK


@dataclass(frozen=True, slots=True)
class Checked:
    """What is to be said of a form.

    Attributes:
        faults: name of a field, `task-0` and `episodes-0` for those of the first task, to the
            sentence that is said beside it; none where the session can start.
        lines: the command line that begins the same session, to be pasted into a shell.
    """

    faults: Mapping[str, str] = field(default_factory=dict)
    lines: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a session.

    Attributes:
        lines: of its result.
        failure: why it could not start, or ended early; None where neither happened.
    """

    lines: tuple[str, ...] = ()
    failure: str | None = None
