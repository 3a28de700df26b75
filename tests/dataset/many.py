"""A dataset of any number of episodes, made without recording them.

`python -m tests.dataset.many FOLDER [COUNT]` makes one and measures what a user would wait for.
"""

import os
import sys
import time
from pathlib import Path

from lerecord.dataset.edit.operations import delete
from lerecord.dataset.format import (
    EpisodeColumns,
    EpisodeRecord,
    Info,
    Place,
    Vectors,
    episode_table,
    layout,
    line_of,
    metadata,
    stats,
)
from lerecord.progress import Advance
from tests.dataset.lists import Scripted, record, small_lab, stage

TAKE = Scripted("a", 3, 1)


def multiply(root: Path, count: int, files: bool = True) -> None:
    """Give a dataset of one episode as many as `count`, each the same but for its place.

    Without `files` only meta/ and health.jsonl are written, which is all that an append reads.
    """
    info = Info.from_bytes((root / layout.INFO).read_bytes())
    health = metadata.parse_annotation(layout.HEALTH, (root / layout.HEALTH).read_bytes())[0].values
    (content,) = metadata.parse_episodes_stats((root / layout.EPISODES_STATS).read_bytes(), 1)
    read = episode_table.read_episode(root / layout.data_file(0))
    rows = len(read)
    lines: dict[str, list[bytes]] = {layout.EPISODES: [], layout.EPISODES_STATS: []}
    lines[layout.HEALTH] = []
    total = None
    for episode in range(count):
        place = Place(episode, episode * rows, 0, info.fps)
        values = episode_table.placed_stats(content, rows, place)
        total = stats.folded(total, values)
        lines[layout.EPISODES].append(EpisodeRecord(episode, (TAKE.task,), rows).to_line())
        lines[layout.EPISODES_STATS].append(metadata.stats_line(episode, values))
        lines[layout.HEALTH].append(line_of({"episode_index": episode, **health}))
        if files and episode:
            _files(root, read, place, info.camera_keys)
    for name, each in lines.items():
        (root / name).write_bytes(b"".join(each))
    assert total is not None
    (root / layout.STATS).write_bytes(metadata.stats_bytes(total))
    for _ in range(count - 1):
        info = info.appended(rows, 1)
    (root / layout.INFO).write_bytes(info.to_bytes())


def _files(root: Path, read: EpisodeColumns, place: Place, keys: list[str]) -> None:
    path = root / layout.data_file(place.episode)
    path.parent.mkdir(parents=True, exist_ok=True)
    episode_table.write_episode(path, Vectors(read.action, read.state).at(place))
    pairs = [(layout.capture_file(0), layout.capture_file(place.episode))]
    pairs += [(layout.video_file(0, key), layout.video_file(place.episode, key)) for key in keys]
    for old, new in pairs:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        os.link(root / old, root / new)


def main() -> None:
    """Measure."""
    root = Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    record(root, [TAKE])
    multiply(root, count)
    lab = small_lab(root)
    began = time.perf_counter()
    with lab.open() as writer:
        print(f"open             {time.perf_counter() - began:.3f} s")
        took = []
        for _ in range(9):
            staged = stage(lab, writer, TAKE)
            began = time.perf_counter()
            writer.commit(staged)
            took.append(time.perf_counter() - began)
        print(f"commit           {sorted(took)[len(took) // 2] * 1000:.1f} ms (median of 9)")
        for rows, said in ((3, "equal"), (5, "longer")):
            told: list[Advance] = []
            staged = stage(lab, writer, Scripted("a", rows, 2))
            began = time.perf_counter()
            writer.replace(count // 2, staged, told.append)
            seconds = time.perf_counter() - began
            print(f"rerecord, {said:7s} {seconds:.2f} s, progress told {len(told)} times")
    began = time.perf_counter()
    delete(root, [0])
    print(f"delete the first {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
