"""What is to be recorded."""

from dataclasses import dataclass

from lerecord.recording.session.gate import Gate
from lerecord.recording.session.phases import Phase
from lerecord.recording.session.task_queue import TaskQueue


@dataclass(frozen=True, slots=True)
class Wanted:
    """One take: its task, and the episode that it replaces; None for a new one."""

    task: str
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be recorded. None: until somebody says so.

    Attributes:
        wanted: the takes in their order; the last one is wanted again and again.
        episodes: how many takes are saved before the session ends.
        episode_time_s: after which a take saves itself.
        reset_time_s: after which a take starts by itself.
        attended: somebody is at the keys who can act on a notice.
        catch_up_s: after which a take that was asked for is given up, the follower being too far;
            unattended, also how long arms may differ that should stand alike.
        between: the phase in which no take runs; DRIVING where none can be begun.
        rollout: a policy drives, and a person can take over.
        gate: what the verdict on a take may do.
        taught: a path is taught by hand between takes.
        queue: the tasks of new takes, where there are several; the session ends when each has its
            episodes, and `wanted` counts for nothing.
        catching_up: what is said when a take is asked for and the follower is not there yet.
    """

    wanted: tuple[Wanted, ...]
    episodes: int | None = None
    episode_time_s: float | None = None
    reset_time_s: float | None = None
    attended: bool = True
    catch_up_s: float = 30.0
    between: Phase = Phase.RESETTING
    rollout: bool = False
    gate: Gate = Gate.OFF
    taught: bool = False
    catching_up: str = "The take starts as soon as the follower has caught up with the leader."
    queue: TaskQueue | None = None
