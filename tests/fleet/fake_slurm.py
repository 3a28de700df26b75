"""The commands of Slurm for a machine without it; `install` puts them in a folder.

A job waits until `run_queued` runs it, its array and what depends on it; with FAKE_SLURM_RUNS set,
`sbatch` does so at once.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

COMMANDS = ("sbatch", "srun", "scontrol", "squeue")


def install(folder: Path) -> None:
    """Put the commands into a folder, which is to be the first in PATH."""
    folder.mkdir(parents=True)
    for name in COMMANDS:
        path = folder / name
        load = (
            f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nimport fake_slurm\n"
        )
        path.write_text(f"#!{sys.executable}\n{load}fake_slurm.{name}(sys.argv[1:])\n")
        path.chmod(0o755)
    (folder / "log").touch()
    os.environ["FAKE_SLURM"] = str(folder)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def log(folder: Path) -> list[str]:
    """A line for each job that was submitted."""
    return (folder / "log").read_text().splitlines()


def run_queued(folder: Path) -> None:
    """Run what waits, as long as what it depends on has not failed."""
    for path in sorted(folder.glob("told-*.json"), key=lambda each: int(each.stem[5:])):
        _run(folder, path.stem[5:])


def sbatch(words: Sequence[str]) -> None:
    """Submit a job."""
    here = Path(os.environ["FAKE_SLURM"])
    *options, script = words
    text = Path(script).read_text()
    given = dict(each[2:].partition("=")[::2] for each in options)
    told = dict(re.findall(r"^#SBATCH --([\w-]+)=(.*)$", text, flags=re.MULTILINE)) | given
    job = str(len(list(here.glob("job-*"))) + 1)
    (here / f"job-{job}").write_text(text)
    (here / f"told-{job}.json").write_text(json.dumps(told))
    depends = told.get("dependency", "")
    with (here / "log").open("a") as file:
        file.write(f"{job} {told['job-name']} array={told['array']} dependency={depends}\n")
    if os.environ.get("FAKE_SLURM_RUNS"):
        _run(here, job)
    print(f"Submitted batch job {job}")


def _run(here: Path, job: str) -> None:
    told = json.loads((here / f"told-{job}.json").read_text())
    first, _, last = told["array"].partition("%")[0].partition("-")
    depends = told.get("dependency", "").split(":")[1:]
    if any(not (here / f"ok-{each}").exists() for each in depends):
        if told.get("kill-on-invalid-dep") == "yes":
            (here / f"told-{job}.json").unlink()
        return
    offset = re.search(r"RUN_OFFSET=(\d+)", told.get("export", ""))
    results = []
    for task in range(int(first), int(last or first) + 1):
        environment = {**os.environ, "SLURM_ARRAY_TASK_ID": str(task), "SLURM_NODELIST": "node"}
        environment["RUN_OFFSET"] = offset[1] if offset else "0"
        with (here / f"out-{job}-{task}").open("w") as out:
            command = ["bash", str(here / f"job-{job}")]
            ran = subprocess.run(command, env=environment, stdout=out, stderr=out, check=False)
        results.append(ran.returncode)
    if not any(results):
        (here / f"ok-{job}").touch()
    (here / f"told-{job}.json").unlink()


def srun(words: list[str]) -> None:
    """Run a command."""
    while words[0].startswith("-"):
        words = words[2:] if words[0] == "-n" else words[1:]
    os.execvp(words[0], words)


def scontrol(words: Sequence[str]) -> None:
    """Tell the names of nodes."""
    print(words[-1])


def squeue(words: Sequence[str]) -> None:
    """Tell why a job waits; nothing of one that has ended."""
    here = Path(os.environ["FAKE_SLURM"])
    job = next(each.partition("=")[2] for each in words if each.startswith("--jobs="))
    told = here / f"told-{job}.json"
    if told.exists():
        depends = json.loads(told.read_text()).get("dependency", "").split(":")[1:]
        ended = [each for each in depends if not (here / f"told-{each}.json").exists()]
        in_vain = any(not (here / f"ok-{each}").exists() for each in ended)
        print("DependencyNeverSatisfied" if in_vain else "Dependency" if depends else "Priority")
    elif not (here / f"job-{job}").exists():
        sys.exit("slurm_load_jobs error: Invalid job id specified")
