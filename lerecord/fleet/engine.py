"""Runs work in parts: in this process, on several of this machine, on Slurm, or on Ray.

Work is a folder and the name of a module of this package, whose `work(folder, rank, world)` does
its share of what the folder describes, batch by batch. What is done is known by what lies in the
folder, never by the engine: a share that is done again finds it done.
"""

import json
import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from lerecord.errors import ConfigError, LerecordError
from lerecord.fleet.books import Books
from lerecord.fleet.ray_cluster import ray_cluster
from lerecord.processes import ChildProcess

EXECUTORS = ("local", "slurm", "ray")
_POLL_S = 0.1
_TASKS_PER_WORKER = 4
_MOST_LOSSES = 20
_ON_MANY_MACHINES = 100  # tasks, where nobody says how many


@dataclass(frozen=True, slots=True)
class Engine:
    """How work is run.

    Attributes:
        executor: one of EXECUTORS.
        workers: at the same time; 0 for one a core, on Slurm and Ray for no limit.
        tasks: into how many the work is divided; 0 for some per worker.
        partition: of Slurm.
        time_limit: of a task on Slurm, HH:MM:SS.
        address: of Ray's cluster, as `RayCluster` has it; found when the work begins.
        say: told which cluster of Ray does the work.

    Raises:
        ConfigError: there is no such executor.
    """

    executor: str = "local"
    workers: int = 0
    tasks: int = 0
    partition: str = ""
    time_limit: str = "12:00:00"
    address: str = ""
    say: Callable[[str], object] = field(default=lambda sentence: None, compare=False)

    def __post_init__(self) -> None:
        if self.executor not in EXECUTORS:
            raise ConfigError(
                f"There is no executor {self.executor!r}; there are {', '.join(EXECUTORS)}."
            )

    @property
    def at_once(self) -> int:
        """Workers at the same time; -1 for no limit."""
        if self.workers:
            return self.workers
        return _cores() if self.executor == "local" else -1

    @property
    def shares(self) -> int:
        """Into how many tasks work is divided."""
        if self.tasks:
            return self.tasks
        return _ON_MANY_MACHINES if self.at_once < 0 else self.at_once * _TASKS_PER_WORKER


@dataclass(frozen=True, slots=True)
class Work:
    """Something to be done.

    Attributes:
        module: of this package, with the function `work`.
        folder: says what is to be done.
        batches: into which it can be divided; never more tasks than these.
    """

    module: str
    folder: Path
    batches: int

    def __call__(self, data: object, rank: int, world_size: int) -> None:
        """Do one share, as datatrove calls it."""
        for _ in self.share(rank, world_size):
            pass

    def share(self, rank: int, world: int) -> Iterator[None]:
        """Do one share; comes up for air after each batch."""
        share: Iterator[None] = import_module(f"lerecord.fleet.{self.module}").work(
            self.folder, rank, world
        )
        return share


def share(count: int, rank: int, world: int) -> range:
    """The batches of a rank: those that follow each other, so that a dataset is read by few."""
    return range(count * rank // world, count * (rank + 1) // world)


def require_engine(engine: Engine) -> None:
    """Refuse an engine that cannot run here, before anything is begun.

    Raises:
        ConfigError: a library or an option is missing; it says which.
    """
    if engine.executor == "slurm" and not engine.partition:
        raise ConfigError("Slurm needs to know where to run; name the partition with --partition.")
    needed = {"ray": ("datatrove", "ray"), "slurm": ("datatrove",), "local": ("datatrove",)}
    if engine.executor == "local" and engine.at_once == 1:
        return
    for module in needed[engine.executor]:
        if find_spec(module) is None:
            more = "" if engine.executor != "local" else ", or work in one process with --workers 1"
            package = "ray" if module == "ray" else "lerecord[fleet]"
            raise ConfigError(f"{module} is not installed; run `pip install '{package}'`{more}.")


def run(
    stages: Sequence[Work], engine: Engine, watch: Callable[[], object] = lambda: None
) -> list[str]:
    """Do work, one stage behind the other; comes back when it is done, or submitted to Slurm.

    Args:
        stages: each begins when the one before has ended.
        engine: how.
        watch: called again and again meanwhile.

    Returns:
        The ids of the jobs that were submitted; empty when the work is done.

    Raises:
        ConfigError: the engine cannot run here.
        LerecordError: it failed.
    """
    require_engine(engine)
    if engine.executor == "slurm":
        _require_plain(stages[0].folder)
    if engine.executor == "ray":
        cluster = ray_cluster(os.environ)
        engine.say(cluster.sentence)
        engine = replace(engine, address=cluster.address)
    if engine.executor == "local" and engine.at_once == 1:
        for stage in stages:
            for _ in stage.share(0, 1):
                watch()
        return []
    return _run_in_child(stages, engine, watch)


def _run_in_child(stages: Sequence[Work], engine: Engine, watch: Callable[[], object]) -> list[str]:
    """The libraries of engines are noisy, and start processes: none of that belongs in here."""
    names = [each.name for each in fields(engine) if each.name != "say"]
    known = {name: getattr(engine, name) for name in names}
    told = json.dumps({**known, "workers": engine.at_once, "tasks": engine.shares})
    works = [json.dumps([each.module, str(each.folder), each.batches]) for each in stages]
    books = [Books(each.folder) for each in stages]
    for _ in range(_MOST_LOSSES):
        with ChildProcess("fleet", told, *works) as child:
            try:
                jobs = _waited_for(child, watch)
            finally:
                _end_group(child.pid)
        if jobs is not None:
            return jobs
        for each in books:
            each.take_lost()
    raise LerecordError(
        f"Workers were killed {_MOST_LOSSES} times; look for what ends them, such as a lack of "
        f"memory, and run the same command again, which goes on from there."
    )


def _waited_for(child: ChildProcess, watch: Callable[[], object]) -> list[str] | None:
    """Wait for the engine; None when it lost a worker, and is to be started again."""
    while True:
        running = child.running
        for message in child.poll():
            if message["event"] == "failed":
                raise LerecordError(message["message"])
            if message["event"] == "lost":
                return None
            if message["event"] == "done":
                watch()
                return list(message["jobs"])
        if not running:
            raise LerecordError(
                f"The process that runs the engine has ended; run the same command again, which "
                f"goes on from there. {child.complaint()[-2000:]}"
            )
        watch()
        time.sleep(_POLL_S)


def _end_group(leader: int) -> None:
    """Of an engine that was killed, its workers and their helpers are still there."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _require_plain(folder: Path) -> None:
    """The script that datatrove writes for Slurm does not quote."""
    if shlex.quote(str(folder)) != str(folder):
        raise ConfigError(
            f"The jobs of Slurm cannot find {folder}: its path has blanks or other characters that "
            f"a shell takes for its own; name a folder without them."
        )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
