"""What the command line was given, and the plan of a session that it makes."""

from collections import Counter
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Self

from lerecord.cli.session_options import SessionOptions
from lerecord.config import HardwareConfig
from lerecord.control import Setup
from lerecord.dataset.format import task_of
from lerecord.dataset.storage import Snapshot, holds_dataset
from lerecord.errors import ConfigError
from lerecord.recording.session import Plan, TaskQueue, Wanted

_CATCH_UP_S = 30.0
_FARTHEST_UNITS = 720.0  # twice the way that a joint can be from its leader, in degrees


@dataclass(frozen=True, slots=True)
class RecordOptions(SessionOptions):
    """What the command line was given; None where it was given nothing.

    Attributes:
        task: one sentence.
        episodes: how many to record.
        rerecord: episodes that are done again, in this order; none to record new ones.
        queue: tasks instead of the one, with nothing counted yet.
    """

    task: str | None = None
    episodes: int | None = None
    rerecord: tuple[int, ...] = ()
    queue: TaskQueue | None = None

    @classmethod
    def of(
        cls,
        given: SessionOptions,
        task: str | None,
        episodes: int | None = None,
        rerecord: tuple[int, ...] = (),
    ) -> Self:
        """The options that every recording takes, and what this one is of."""
        shared = {field.name: getattr(given, field.name) for field in fields(SessionOptions)}
        return cls(**shared, task=task, episodes=episodes, rerecord=rerecord)


def plan_of(options: RecordOptions, setup: Setup, attended: bool) -> Plan:
    """The session that the options ask for.

    Raises:
        LerecordError: they ask for something that is not there or makes no sense.
    """
    demonstrated = _is_demonstrated(setup.config)
    if options.seed is not None and not demonstrated:
        raise ConfigError("--seed is only for simulated rigs; this rig is real.")
    if not attended and not demonstrated and options.episode_time is None:
        raise ConfigError(
            "Without a terminal nothing would end the take; give --episode-time, or use a terminal."
        )
    wanted = _wanted(options, setup.root)
    limited = options.rerecord or not (attended or options.queue)
    starts_by_itself = not attended and not demonstrated and options.reset_time is None
    return Plan(
        wanted=wanted,
        episodes=len(wanted) if limited else options.episodes,
        episode_time_s=options.episode_time,
        reset_time_s=0.0 if starts_by_itself else options.reset_time,
        attended=attended,
        gate=options.gate,
        queue=options.queue,
        catch_up_s=max(_CATCH_UP_S, _FARTHEST_UNITS / setup.config.safety.ramp_speed),
    )


def counted(plan: Plan, root: Path) -> Plan:
    """The plan, with what the dataset holds of each task of its queue.

    Raises:
        ConfigError: nothing is left to record.
    """
    if plan.queue is None:
        return plan
    queue = recounted(plan.queue, root)
    if queue.next is None:
        raise ConfigError(
            f"{root} has every episode that the tasks ask for, {sum(queue.wanted.values())} in "
            f"all; raise a count to record more."
        )
    return replace(plan, queue=queue)


def recounted(queue: TaskQueue, root: Path) -> TaskQueue:
    """The queue, with what the dataset holds now."""
    episodes = Snapshot.of(root).episodes() if holds_dataset(root) else []
    return replace(queue, held=Counter(task for episode in episodes for task in episode.tasks))


def _is_demonstrated(config: HardwareConfig) -> bool:
    return config.simulator is not None and config.simulator.start


def _wanted(options: RecordOptions, root: Path) -> tuple[Wanted, ...]:
    if options.queue is not None:
        return ()
    if not options.rerecord:
        return (Wanted(task_of(options.task or "")),) * (options.episodes or 1)
    task = None if options.task is None else task_of(options.task)
    episodes = Snapshot.of(root).episodes()
    for index in options.rerecord:
        if not 0 <= index < len(episodes):
            raise ConfigError(
                f"{root} has no episode {index}; its {len(episodes)} episodes are numbered from 0."
            )
    return tuple(
        Wanted(episodes[index].tasks[0] if task is None else task, index)
        for index in options.rerecord
    )
