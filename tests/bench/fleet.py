"""What a fleet costs: `python -m tests.bench.fleet FOLDER [EPISODES]`, started by hand.

Makes 40 datasets of three rigs, then measures status, check and merge with one worker and with two,
a plan for 200,000 episodes that only exist as numbers, what a merge costs per episode when there
are ten times as many, and a merge to v3.0. Words behind EPISODES name only some of `plan`, `fleet`,
`scale` and `v3.0`. Another run in the same folder takes the datasets that are there.
"""

import os
import resource
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pyarrow.parquet as pq

from lerecord.dataset.format import CameraSpec
from lerecord.dataset.join import merge
from lerecord.dataset.storage import NewFolder
from lerecord.dataset.v30 import AS_LEROBOT, Export, export_v30
from lerecord.fleet import (
    V30,
    Checking,
    Engine,
    HowToMerge,
    Request,
    State,
    Wish,
    check,
    look,
    merge_fleet,
)
from lerecord.fleet.catalog import EpisodeFacts, SourceFacts
from lerecord.fleet.plan import planned
from tests.dataset.lists import Scripted, small_lab, stage, tree
from tests.dataset.many import multiply

DATASETS, RIGS = 40, ("koch", "so101", "bimanual")
ROWS, IN_PLAN = 30, 200_000
LONG = 300  # frames of the takes that are merged to v3.0
CAMERAS = (CameraSpec("front", 160, 120), CameraSpec("wrist", 160, 120))

_T = TypeVar("_T")


def made(
    folder: Path, episodes: int, cameras: tuple[CameraSpec, ...] = CAMERAS, rows: int = ROWS
) -> Path:
    """A dataset of as many episodes, all of one take but for their numbers."""
    if not folder.exists():
        draft = folder.with_name(f".{folder.name}")
        shutil.rmtree(draft, ignore_errors=True)
        lab = small_lab(draft, cameras)
        rig = folder.parent.name.partition("-")[0]
        lab.spec = replace(lab.spec, robot_type=rig)
        with lab.open() as writer:
            writer.commit(stage(lab, writer, Scripted("a", rows, 1)))
        multiply(draft, episodes)
        draft.rename(folder)
    return folder


def timed(name: str, work: Callable[..., _T], *given: object) -> tuple[float, _T]:
    """Do some work, and say how long it took on how busy a machine."""
    load = os.getloadavg()[0]
    began = time.perf_counter()
    result = work(*given)
    seconds = time.perf_counter() - began
    print(f"{name:44s} {seconds:8.2f} s   load {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    return seconds, result


def processor_s() -> float:
    """Seconds that processors worked for this process and for its children that have ended.

    Not for the workers of an engine, whose parent is killed when they are done.
    """
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in usages)


def fleet(folder: Path, episodes: int) -> None:
    """Status, check and merge of 40 datasets of three rigs."""
    root = folder / "stations"
    for number in range(DATASETS):
        rig = RIGS[number % len(RIGS)]
        made(root / f"{rig}-{number:02d}" / "box", episodes // DATASETS)
    for work in ("state", "state 1", "state 2", "out 1", "out 2", ".out 1.fleet", ".out 2.fleet"):
        shutil.rmtree(folder / work, ignore_errors=True)
    timed("status", look, [root], State(folder / "state"))
    seconds = {}
    for workers in (1, 2):
        state = State(folder / f"state {workers}")
        how = Checking(engine=Engine(workers=workers))
        seconds[workers], found = timed(f"check, {workers} workers", check, [root], state, how)
        assert not found.troubles
    print(f"    speed-up {seconds[1] / seconds[2]:.2f}")
    timed("check again, nothing changed", check, [root], state, how)
    wish = Wish(where="rig = koch")
    for workers in (1, 2):
        request = Request(folder / f"out {workers}", [root], wish)
        how_to = HowToMerge(Engine(workers=workers))
        state = State(folder / "state")
        seconds[workers], merged = timed(
            f"merge of one rig, {workers} workers", merge_fleet, request, state, how_to
        )
    print(f"    {merged.episodes} episodes, speed-up {seconds[1] / seconds[2]:.2f}")
    assert tree(folder / "out 1") == tree(folder / "out 2")
    shutil.rmtree(folder / "merged", ignore_errors=True)
    roots = sorted(root.glob("koch-*/box"))
    timed("lerecord merge of the same", merge, folder / "merged", roots)
    assert tree(folder / "out 1") == tree(folder / "merged")


def plan(folder: Path) -> None:
    """A plan for many episodes."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    per = IN_PLAN // 100
    sources = [
        SourceFacts(
            Path(f"/data/bench-{number % 20}/set {number}"),
            "digest",
            "koch",
            30,
            [EpisodeFacts(n, 300 + n % 50, (f"task {n % 7}",), "success") for n in range(per)],
        )
        for number in range(100)
    ]
    wish = Wish("label = success and length < 11.5", task_balance=20_000, max_hours=400)
    _, made = timed(f"plan of {IN_PLAN} episodes, with lots", planned, sources, wish)
    timed("    as a parquet file", pq.write_table, made.table, folder / "plan.parquet")
    size = (folder / "plan.parquet").stat().st_size / 1e6
    _, whole = timed("plan of all of them", planned, sources, Wish())
    timed("    every batch looked at", lambda: [whole.batch(n) for n in range(whole.batches)])
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"    {len(made)} of {len(whole)} chosen, {size:.1f} MB; memory {after / 1024:.0f} MB, ")
    print(f"    of which the plans took {(after - before) / 1024:.0f} MB")


def scale(folder: Path) -> None:
    """What a merge costs per episode, without videos."""
    cost = {}
    for episodes in (2_000, 20_000):
        root = made(folder / f"rows {episodes}" / "box", episodes, ())
        out = folder / f"scale {episodes}"
        for path in (out, out.with_name(f".{out.name}.fleet"), folder / "state scale"):
            shutil.rmtree(path, ignore_errors=True)
        request, how = Request(out, [root]), HowToMerge(Engine(workers=1))
        began = processor_s()
        state = State(folder / "state scale")
        timed(f"merge of {episodes} episodes without video", merge_fleet, request, state, how)
        cost[episodes] = (processor_s() - began) / episodes
        print(f"    {cost[episodes] * 1000:.2f} ms of processor time per episode")
        shutil.rmtree(out)
    print(f"    ratio {cost[20_000] / cost[2_000]:.2f}")


def newer(folder: Path, episodes: int) -> None:
    """A merge to v3.0, and what each part of an export takes of it: workers share the files."""
    root = made(folder / f"long {episodes}" / "box", episodes, rows=LONG)
    for path in (*folder.glob("v3.0*"), *folder.glob(".v3.0*")):
        shutil.rmtree(path)
    timed("lerecord export", export_v30, root, folder / "v3.0")
    for workers in (1, 2):
        request = Request(folder / f"v3.0 {workers}", [root], version=V30)
        how = HowToMerge(Engine(workers=workers))
        state = State(folder / f"v3.0 state {workers}")
        timed(f"merge to v3.0, {workers} workers", merge_fleet, request, state, how)
        assert tree(request.out) == tree(folder / "v3.0")
    began = processor_s()
    with NewFolder(folder / "v3.0 in parts") as out:
        export = Export(root, is_sound=True)
        files = export.plan(AS_LEROBOT)
        planned_at = processor_s()
        for file in files:
            export.write(file, out.place(file.name))
        written_at = processor_s()
        statistics = [export.statistics(range(episodes))]
        found_at = processor_s()
        export.finish(out, files, statistics, print)
    each_ms = [
        (end - start) / episodes * 1000
        for start, end in pairwise((began, planned_at, written_at, found_at, processor_s()))
    ]
    print(f"    {len(files)} files; ms of processor time per episode: ", end="")
    print("plan {:.1f}, files {:.1f}, statistics {:.1f}, metadata {:.1f}".format(*each_ms))


def main() -> None:
    """Measure what is named, or everything."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    episodes = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
    parts = sys.argv[3:] or ["plan", "fleet", "scale", "v3.0"]
    if "plan" in parts:
        plan(folder)
    if "fleet" in parts:
        fleet(folder, episodes)
    if "scale" in parts:
        scale(folder)
    if "v3.0" in parts:
        newer(folder, episodes)


if __name__ == "__main__":
    main()
