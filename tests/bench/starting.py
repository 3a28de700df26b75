"""What starting costs: `lerecord --help`, and from the command to the first tick of the loop.

    python -m tests.bench.starting [--runs 9]

The rig is ready: a simulator is up already. Processor seconds of `--help` stand beside those of
importing typer and rich alone, each in turn; the first tick is on the clock of the wall.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lerecord.config import SIMULATED, ConfigFile, find_config, load_config
from lerecord.simulation_client import fill_in_places, simulator

HELP = "import sys; sys.argv = ['lerecord', '--help']; from lerecord.cli import main; main()"
PEER = "import typer, rich"
TO_THE_FIRST_TICK = """
import sys, time
from lerecord.recording.session import Session
begun = float(sys.argv.pop(1))
def tell(session, tick):
    print(time.monotonic() - begun, file=sys.stderr)
    raise SystemExit
Session._pass_time = tell
from lerecord.cli import main
main()
"""


def cpu_s(code: str) -> float:
    """Processor seconds of a new interpreter that runs the code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def first_tick_s(hardware: Path, dataset: Path) -> float:
    """From the start of the interpreter until the loop has done its first slot."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", TO_THE_FIRST_TICK, str(time.monotonic()), "--task", "start"),
            *("--hardware", str(hardware), "--dataset", str(dataset), "--episode-time", "1"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stderr.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=9)
    runs = range(parser.parse_args().runs)
    both = [(cpu_s(HELP), cpu_s(PEER)) for _ in runs]
    own, peer = (statistics.median(each) for each in zip(*both, strict=True))
    print(f"lerecord --help {own * 1e3:.0f} ms, typer and rich {peer * 1e3:.0f} ms", end="")
    print(f" of processor time: {statistics.median(a / b for a, b in both):.2f}x")
    packaged = find_config(SIMULATED)
    with simulator(load_config(packaged)) as rig, tempfile.TemporaryDirectory() as folder:
        hardware = Path(folder) / "rig.toml"
        file = ConfigFile(packaged)
        fill_in_places(file, rig.places)
        file.write(hardware)
        times = [first_tick_s(hardware, Path(folder) / f"set{run}") for run in runs]
    print(f"first tick after {statistics.median(times):.2f} s (slowest {max(times):.2f} s)", end="")
    print(f", load average {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
