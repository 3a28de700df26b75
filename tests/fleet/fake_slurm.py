"""`sbatch`, `srun` and `scontrol` for a machine without Slurm; `install` puts them in a folder."""

import os
import sys
from pathlib import Path

SBATCH = """\
import os, re, subprocess, sys
from pathlib import Path

here = Path(os.environ["FAKE_SLURM"])
*options, script = sys.argv[1:]
text = Path(script).read_text()
given = dict(each[2:].partition("=")[::2] for each in options)
told = dict(re.findall(r"^#SBATCH --([\\\\w-]+)=(.*)$", text, flags=re.M))
job = len(list(here.glob("job-*"))) + 1
(here / f"job-{job}").write_text(text)
depends = given.get("dependency", told.get("dependency", ""))
first, _, last = told["array"].partition("%")[0].partition("-")
with (here / "log").open("a") as log:
    log.write(f"{job} {told['job-name']} array={told['array']} dependency={depends}\\\\n")
failed = [each for each in depends.split(":")[1:] if not (here / f"ok-{each}").exists()]
if os.environ.get("FAKE_SLURM_RUNS") and not failed:
    offset = re.search(r"RUN_OFFSET=(\\\\d+)", given.get("export", ""))
    results = []
    for task in range(int(first), int(last or first) + 1):
        environment = {**os.environ, "SLURM_ARRAY_TASK_ID": str(task), "SLURM_NODELIST": "node"}
        environment["RUN_OFFSET"] = offset[1] if offset else "0"
        with (here / f"out-{job}-{task}").open("w") as out:
            ran = subprocess.run(["bash", script], env=environment, stdout=out, stderr=out)
        results.append(ran.returncode)
    if not any(results):
        (here / f"ok-{job}").touch()
print(f"Submitted batch job {job}")
"""
SRUN = """\
import os, sys
words = sys.argv[1:]
while words[0].startswith("-"):
    words = words[2:] if words[0] == "-n" else words[1:]
os.execvp(words[0], words)
"""
SCONTROL = "import sys\nprint(sys.argv[-1])\n"


def install(folder: Path) -> None:
    """Put the commands into a folder, which is to be the first in PATH."""
    folder.mkdir(parents=True)
    for name, text in (("sbatch", SBATCH), ("srun", SRUN), ("scontrol", SCONTROL)):
        path = folder / name
        path.write_text(f"#!{sys.executable}\n{text}".replace("\\\\", "\\"))
        path.chmod(0o755)
    (folder / "log").touch()
    os.environ["FAKE_SLURM"] = str(folder)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def log(folder: Path) -> list[str]:
    """A line for each job that was submitted."""
    return (folder / "log").read_text().splitlines()
