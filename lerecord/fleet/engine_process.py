"""The process that runs an engine: datatrove, with its executors for one machine, Slurm and Ray.

It ends with its parent. What its workers have done by then is kept, and the rest is done by the
next command that asks for it.
"""

import contextlib
import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Any

from lerecord.errors import LerecordError
from lerecord.fleet.books import know_driver
from lerecord.fleet.engine import Engine, Work
from lerecord.processes import tell
from lerecord.secrets import without_secrets

_LOOK_S = 0.5
_GRACE_S = 10.0
"""At the end all workers are gone, and a busy machine takes its time with what is left to do."""


def main(arguments: Sequence[str]) -> int:
    """Run the stages, and say what came of it; the exit status."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a pool ends its workers by it
    threading.Thread(target=_end_with_input, daemon=True).start()
    engine = Engine(**json.loads(arguments[0]))
    parts = [json.loads(each) for each in arguments[1:]]
    works = [Work(module, Path(folder), batches) for module, folder, batches in parts]
    try:
        jobs = _run(works, engine)
    except LerecordError as error:
        tell({"event": "failed", "message": without_secrets(str(error))})
        return 1
    except Exception as error:  # whatever an engine raises
        sentence = f"The engine failed ({type(error).__name__}: {error}); its logs are in"
        logs = works[0].folder / "logs"
        tell({"event": "failed", "message": without_secrets(f"{sentence} {logs}.")})
        return 1
    tell({"event": "done", "jobs": jobs})
    return 0


def _end_with_input() -> None:
    while sys.stdin.buffer.readline():
        pass
    _end_all()


def _end_all() -> None:
    """End this process and all that it started: it leads a group of its own."""
    os.killpg(os.getpgrp(), signal.SIGKILL)


class Pool:
    """The processes of one stage, as they are seen now and then: first its manager, then workers.

    Processes are numbered as they are started. A worker that is killed is replaced, but nobody does
    what it was at, so that a stage waits for ever.

    Args:
        workers: that work at the same time.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._seen: set[int] = set()

    def has_lost_one(self, living: Set[int]) -> bool:
        """Whether one has ended, by the numbers of those that live."""
        self._seen |= living
        was_replaced = any(number > min(self._seen) + self._workers for number in living)
        return was_replaced or not self._seen <= living


@contextlib.contextmanager
def _watched(workers: int) -> Iterator[None]:
    """End this process when the stage within waits for workers of which one was killed."""
    finished = threading.Event()
    threading.Thread(target=_watch, args=(Pool(workers), finished), daemon=True).start()
    try:
        yield
    finally:
        finished.set()


def _watch(pool: Pool, finished: threading.Event) -> None:
    import multiprocess

    while not finished.wait(_LOOK_S):
        living = {int(each.name.rpartition("-")[2]) for each in multiprocess.active_children()}
        if pool.has_lost_one(living) and not finished.wait(_GRACE_S):
            tell({"event": "lost"})
            _end_all()


def _run(works: Sequence[Work], engine: Engine) -> list[str]:
    if engine.executor == "ray":
        _join_ray(engine.address)
    before: Any = None
    jobs: list[str] = []
    for number, work in enumerate(works):
        logs = str(work.folder / "logs" / f"{number}-{work.module}")
        before = _executor(work, engine, logs, before)
        with _watched(before.workers) if engine.executor == "local" else contextlib.nullcontext():
            before.run()
        if engine.executor == "slurm" and before.job_id not in (None, -1):
            jobs.append(str(before.job_id))
    return jobs


def _join_ray(address: str) -> None:
    import ray

    if not address:  # Ray finds the cluster, and its token, only where nothing names one
        os.environ.pop("RAY_ADDRESS", None)
    try:
        ray.init(address or None, log_to_driver=False, include_dashboard=False)
    except ConnectionError as error:
        raise LerecordError(
            f"Ray could not join its cluster ({error}). One that was started by `ray start` asks "
            f"for a token: `export RAY_AUTH_MODE=token`, and have its ~/.ray/auth_token here, too."
        ) from error


def _executor(work: Work, engine: Engine, logs: str, before: Any) -> Any:
    """Done is what the work's folder says is done: nothing is skipped by the engine's own books."""
    import multiprocess
    from datatrove.executor import (
        LocalPipelineExecutor,
        RayPipelineExecutor,
        SlurmPipelineExecutor,
    )

    tasks = max(1, min(engine.tasks, work.batches))
    common = {"tasks": tasks, "logging_dir": logs, "skip_completed": False}
    if engine.executor == "local":
        # Its manager would be forked, with the lock that the thread behind stdin holds.
        multiprocess.set_start_method("forkserver", force=True)
        know_driver()
        workers = max(2, min(engine.workers, tasks))  # one alone would be run in this process
        return LocalPipelineExecutor([work], workers=workers, **common)
    if engine.executor == "ray":
        return RayPipelineExecutor([work], workers=engine.workers, mem_per_cpu_gb=1, **common)
    return SlurmPipelineExecutor(
        [work],
        time=engine.time_limit,
        partition=engine.partition,
        workers=engine.workers,
        job_name=f"lerecord-{work.module}",
        qos="",
        env_command=_environment(),
        depends=before,
        sbatch_args={"kill-on-invalid-dep": "yes"},  # or they wait for ever for one that failed
        **common,
    )


def _environment() -> str:
    """What a node needs to find this installation; nothing in the working folder is imported."""
    binaries = shlex.quote(str(Path(sys.executable).parent))
    return f"export PATH={binaries}:$PATH PYTHONSAFEPATH=1"
