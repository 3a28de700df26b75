"""The process that runs an engine: datatrove, with its executors for one machine, Slurm and Ray.

It ends with its parent. What its workers have done by then is kept, and the rest is done by the
next command that asks for it.
"""

import json
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lerecord.fleet.books import know_driver
from lerecord.fleet.engine import Engine, Work
from lerecord.processes import end_with_input, tell
from lerecord.secrets import without_secrets


def main(arguments: Sequence[str]) -> int:
    """Run the stages, and say what came of it; the exit status."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a pool ends its workers by it
    end_with_input()
    engine = Engine(**json.loads(arguments[0]))
    parts = [json.loads(each) for each in arguments[1:]]
    works = [Work(module, Path(folder), batches) for module, folder, batches in parts]
    try:
        jobs = _run(works, engine)
    except Exception as error:  # whatever an engine raises
        sentence = f"The engine failed ({type(error).__name__}: {error}); its logs are in"
        logs = works[0].folder / "logs"
        tell({"event": "failed", "message": without_secrets(f"{sentence} {logs}.")})
        return 1
    tell({"event": "done", "jobs": jobs})
    return 0


def _run(works: Sequence[Work], engine: Engine) -> list[str]:
    if engine.executor == "ray":
        import ray

        if not ray.is_initialized():
            ray.init(log_to_driver=False, include_dashboard=False)
    before: Any = None
    jobs: list[str] = []
    for number, work in enumerate(works):
        logs = str(work.folder / "logs" / f"{number}-{work.module}")
        before = _executor(work, engine, logs, before)
        before.run()
        if engine.executor == "slurm" and before.job_id not in (None, -1):
            jobs.append(str(before.job_id))
    return jobs


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
        **common,
    )


def _environment() -> str:
    """What a node needs to find this installation; nothing in the working folder is imported."""
    binaries = shlex.quote(str(Path(sys.executable).parent))
    return f"export PATH={binaries}:$PATH PYTHONSAFEPATH=1"
