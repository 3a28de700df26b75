"""How the recorder bears a bad wire: `python -m tests.bench.wire_faults [--rig so101] [--fault F]`.

It records one take on a simulated rig while one reply in a hundred is dropped, corrupted, late or
echoed, and compares every frame with what the encoders read at the frame's time.
"""

import argparse
import json
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lerecord import drivers
from lerecord.arms import ArmSettings
from lerecord.control import Setup
from lerecord.dataset.format import Sidecar, layout, read_sidecar
from tests.live import SETUP, SO101, Simulator

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")
Kind = Mapping[str, Any]
KINDS: tuple[Kind, ...] = (
    {"fault": "drop"},
    {"fault": "corrupt"},
    {"fault": "late", "delay_s": 0.03},
    {"fault": "echo"},
)
SETUPS = {"koch": SETUP, "so101": SO101}
_LAST_ROW_S = 0.1


@dataclass(frozen=True, slots=True)
class Findings:
    """What a take on a bad wire came to.

    Attributes:
        frames, missed, unmeasured: of the take.
        injected: replies that something befell, by fault.
        spoiled: requests that did not get every reply whole and in time.
        failed: tries that the recorder counted as failed.
        retries, strays, drained_bytes: as the recorder counted them.
        false_states: frames whose state is not what the follower's encoders read in that frame.
        false_requests: frames whose request is not what the leader's encoders read in that frame.
        moving: frames that a reply of the frame before would have made false.
        released: the follower was parked and let go at the end.
    """

    rows: int
    missed: int
    unmeasured: int
    injected: dict[str, int]
    spoiled: int
    failed: int
    retries: int
    strays: int
    drained_bytes: int
    false_states: int
    false_requests: int
    moving: int
    released: bool


def record_on_a_bad_wire(
    folder: Path,
    seconds: float,
    probability: float,
    kinds: Sequence[Kind] = KINDS,
    setup: Setup = SETUP,
) -> Findings:
    """One take of so many seconds; that share of all replies is hit, but at its very ends."""
    log, dataset = folder / "log", folder / "dataset"
    simulator = Simulator(loop=True, log=log, setup=setup)
    try:
        arguments = ["--task", "Grab", "--episode-time", str(seconds), "--dataset", str(dataset)]
        hardware = simulator.hardware(folder, cameras=False)
        process = subprocess.Popen(
            [LERECORD, *arguments, "--hardware", str(hardware)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        while process.poll() is None and not any(dataset.glob(".lerecord/takes/*/rows.journal")):
            time.sleep(0.05)
        share, for_s = probability / len(kinds), seconds - 1.0
        hit = [{"arm": arm, **kind} for arm in ("leader", "follower") for kind in kinds]
        simulator.inject(wire=[{**each, "probability": share, "for_s": for_s} for each in hit])
        told, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(told)
        injected, released = simulator.injected(), not simulator.follower("torque").any()
    finally:
        simulator.close()
    return _compared(dataset, _encoders(log, setup), injected, released)


def _compared(
    dataset: Path, read: Mapping[str, "_Encoders"], injected: dict[str, Any], released: bool
) -> Findings:
    sidecar = read_sidecar(dataset / layout.capture_file(0), ())
    table = pq.read_table(dataset / layout.data_file(0))
    state = np.array(table["observation.state"].to_pylist(), np.float32)
    moving = sum(not np.array_equal(state[row], state[row - 1]) for row in range(1, len(state)))
    return Findings(
        rows=len(sidecar),
        missed=int(sidecar.frames.missed.sum()),
        unmeasured=int((~sidecar.frames.measured).sum()),
        injected=dict(sum(map(Counter, injected["counts"].values()), Counter[str]())),
        spoiled=sum(injected["spoiled"].values()),
        failed=int(sum(sidecar.frames.faults[name].sum() for name in ("timeouts", "corrupt"))),
        retries=int(sidecar.frames.retries.sum()),
        strays=int(sidecar.frames.faults["strays"].sum()),
        drained_bytes=int(sidecar.frames.faults["drained_bytes"].sum()),
        false_states=_false_rows(sidecar, state, read["follower"]),
        false_requests=_false_rows(sidecar, sidecar.frames.requested, read["leader"]),
        moving=moving,
        released=released,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Encoders:
    """What an arm's encoders read: (M,) seconds and (M, D) in the units of the dataset."""

    times: NDArray[np.float64]
    poses: NDArray[np.float32]


def _encoders(log: Path, setup: Setup) -> dict[str, _Encoders]:
    lines = [line.split() for line in log.read_text(encoding="utf-8").splitlines()]
    return {
        role: _encoders_of(role, [line for line in lines if line[1] == role], setup)
        for role in ("leader", "follower")
    }


def _encoders_of(role: str, lines: Sequence[Sequence[str]], setup: Setup) -> _Encoders:
    config = setup.config
    name = config.arms["main"].roles["leader"].driver
    driver = getattr(drivers.load("arms", name), role.capitalize())
    arm = driver(ArmSettings(role, "nowhere"), setup.calibrations["main"][role], config.units)
    counts = np.array([[int(count) for count in line[2:]] for line in lines])
    poses = arm.scale.to_units(counts).astype(np.float32)
    return _Encoders(np.array([float(line[0]) for line in lines]), poses)


def _false_rows(sidecar: Sidecar, values: NDArray[np.float32], encoders: _Encoders) -> int:
    """Frames that neither were read in their own time nor are, where they may, the frame before."""
    false = 0
    for row, value in enumerate(values):
        later = sidecar.frames.started[sidecar.frames.started > sidecar.frames.started[row]]
        until_s = later[0] if len(later) else sidecar.frames.started[row] + _LAST_ROW_S
        from_s = sidecar.frames.started[row]
        if row == 0 and not sidecar.frames.measured[row]:
            from_s -= SETUP.config.quality.max_silence_s  # it repeats what was read before the take
        within = slice(*np.searchsorted(encoders.times, (from_s, until_s)))
        was_read = (encoders.poses[within] == value).all(axis=1).any()
        may_repeat = row > 0 and (sidecar.frames.missed[row] or not sidecar.frames.measured[row])
        false += not was_read and not (may_repeat and np.array_equal(value, values[row - 1]))
    return false


def main() -> int:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.wire_faults")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--probability", type=float, default=0.01)
    parser.add_argument("--rig", choices=SETUPS, default="koch")
    names = [kind["fault"] for kind in KINDS]
    parser.add_argument("--fault", choices=names, action="append", help="only this; all of them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = record_on_a_bad_wire(
            Path(folder),
            options.seconds,
            options.probability,
            [kind for kind in KINDS if kind["fault"] in (options.fault or names)],
            SETUPS[options.rig],
        )
    print(json.dumps(asdict(found), indent=2))
    return 0 if found.false_states == found.false_requests == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
