"""Datasets in the form that LeRobot 0.3.3 writes from the start, without LeRobot."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from lerecord.dataset.format import DEFAULT_FEATURES, layout
from lerecord.dataset.read import Dataset
from lerecord.priority import without_realtime

FPS = 30
FRONT = "observation.images.front"
WIDTH, HEIGHT = 96, 64
JOINTS = ["shoulder_pan.pos", "elbow_flex.pos", "gripper.pos"]
BASE = ["x.vel", "y.vel"]


@dataclass(frozen=True)
class Told:
    """An episode that LeRobot was told, and what any reader of it must see.

    Attributes:
        rows: the numbers of the frames; a part of an episode has some of them.
    """

    task: str
    rows: tuple[int, ...]

    @classmethod
    def of(cls, task: str, first: int, length: int) -> "Told":
        return cls(task, tuple(range(first, first + length)))


EPISODES = (Told.of("a", 0, 8), Told.of("b", 30, 5), Told.of("a", 60, 6))


def state(row: int) -> NDArray[np.float32]:
    return np.array([row / 7, -row, 0.5 * row], dtype=np.float32)


def action(row: int) -> NDArray[np.float32]:
    """Of another length than the state, as on a mobile robot."""
    return np.array([row / 3, 100 - row], dtype=np.float32)


def picture(row: int) -> NDArray[np.uint8]:
    """(H, W, 3) RGB, whose brightness tells the frame."""
    grey = 40 + 2 * row + np.arange(WIDTH) // 16
    return np.broadcast_to(grey[None, :, None], (HEIGHT, WIDTH, 3)).astype(np.uint8)


def features(names: str = "list", codec: str = "av1") -> dict[str, Any]:
    """Those of info.json; `names` is "list" or "motors", the two forms of joints' names."""
    found: dict[str, Any] = {
        key: {
            "dtype": "float32",
            "shape": [len(each)],
            "names": each if names == "list" else {"motors": each},
        }
        for key, each in (("action", BASE), ("observation.state", JOINTS))
    }
    found[FRONT] = {
        "dtype": "video",
        "shape": [HEIGHT, WIDTH, 3],
        "names": ["height", "width", "channels"],
        "info": {
            "video.height": HEIGHT,
            "video.width": WIDTH,
            "video.codec": codec,
            "video.pix_fmt": "yuv420p",
            "video.is_depth_map": False,
            "video.fps": FPS,
            "video.channels": 3,
            "has_audio": False,
        },
    }
    scalars = DEFAULT_FEATURES.items()
    return found | {key: {"dtype": dtype, "shape": [1], "names": None} for key, dtype in scalars}


def write(root: Path, names: str = "list", codec: str = "av1") -> Path:
    """EPISODES, with neither sidecars, nor meta/stats.json, nor a rig."""
    tasks = list(dict.fromkeys(each.task for each in EPISODES))
    lines: dict[str, list[dict[str, Any]]] = {
        layout.TASKS: [{"task_index": n, "task": each} for n, each in enumerate(tasks)],
        layout.EPISODES: [],
        layout.EPISODES_STATS: [],
    }
    first = 0
    for index, told in enumerate(EPISODES):
        columns = _columns(told, index, first, tasks.index(told.task))
        _write_table(_made(root / layout.data_file(index)), columns)
        _write_video(_made(root / layout.video_file(index, FRONT)), told, codec)
        lines[layout.EPISODES].append(
            {"episode_index": index, "tasks": [told.task], "length": len(told.rows)}
        )
        values = {key: _stats(columns[key]) for key in ("action", "observation.state")}
        values[FRONT] = _stats_of_pictures(told)
        values |= {key: _stats(columns[key]) for key in DEFAULT_FEATURES}
        lines[layout.EPISODES_STATS].append({"episode_index": index, "stats": values})
        first += len(told.rows)
    for name, each in lines.items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in each)
        _made(root / name).write_text(text, encoding="utf-8")
    info = {
        "codebase_version": "v2.1",
        "robot_type": "lekiwi",
        "total_episodes": len(EPISODES),
        "total_frames": first,
        "total_tasks": len(tasks),
        "total_videos": len(EPISODES),
        "total_chunks": 1,
        "chunks_size": 1000,
        "fps": FPS,
        "splits": {"train": f"0:{len(EPISODES)}"},
        "data_path": layout.DATA_PATH,
        "video_path": layout.VIDEO_PATH,
        "features": features(names, codec),
    }
    (root / layout.INFO).write_text(json.dumps(info, indent=4), encoding="utf-8")
    return root


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _columns(told: Told, index: int, first: int, task: int) -> dict[str, NDArray[Any]]:
    frame = np.arange(len(told.rows), dtype=np.int64)
    return {
        "action": np.stack([action(row) for row in told.rows]),
        "observation.state": np.stack([state(row) for row in told.rows]),
        "timestamp": (frame / FPS).astype(np.float32),
        "frame_index": frame,
        "episode_index": np.full_like(frame, index),
        "index": frame + first,
        "task_index": np.full_like(frame, task),
    }


def _write_table(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    arrays: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for key, values in columns.items():
        told[key] = {"dtype": str(values.dtype), "_type": "Value"}
        arrays[key] = pa.array(values.ravel())
        if values.ndim == 2:
            told[key] = {"feature": told[key], "length": values.shape[1], "_type": "List"}
            arrays[key] = pa.FixedSizeListArray.from_arrays(arrays[key], values.shape[1])
    table = pa.table(arrays).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": told}})}
    )
    pq.write_table(table, path)


def _write_video(path: Path, told: Told, codec: str) -> None:
    encoder = {"av1": "libsvtav1", "h264": "libx264", "mpeg4": "mpeg4"}[codec]
    options = {"g": "2", "crf": "30"}
    with av.open(str(path), "w", format="mp4") as output:
        stream: Any = output.add_stream(encoder, FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        if codec == "mpeg4":
            stream.bit_rate = 4_000_000
        without_realtime(stream.codec_context.open)
        for row in told.rows:
            output.mux(stream.encode(VideoFrame.from_ndarray(picture(row), format="rgb24")))
        output.mux(stream.encode())


def _stats(values: NDArray[Any]) -> dict[str, Any]:
    """In the precision of the column, as LeRobot computes them."""
    flat = values.reshape(len(values), -1)
    return {
        "min": flat.min(axis=0).tolist(),
        "max": flat.max(axis=0).tolist(),
        "mean": flat.mean(axis=0).tolist(),
        "std": flat.std(axis=0).tolist(),
        "count": [len(values)],
    }


def _stats_of_pictures(told: Told) -> dict[str, Any]:
    pixels = np.stack([picture(row) for row in told.rows]) / 255.0
    each = {name: getattr(pixels, name)(axis=(0, 1, 2)) for name in ("min", "max", "mean", "std")}
    return {name: [[[value]] for value in found] for name, found in each.items()} | {
        "count": [len(told.rows)]
    }


def seen(root: Path) -> list[Told]:
    """The episodes as a reader sees them; every frame and image is compared with what it was."""
    data = Dataset(root)
    found = []
    for number, record in enumerate(data.episodes):
        part = data[data.episode_data_index["from"][number] : data.episode_data_index["to"][number]]
        rows = tuple(round(-float(each[1])) for each in part["observation.state"])
        assert (part["action"] == np.stack([action(row) for row in rows])).all()
        assert (part["observation.state"] == np.stack([state(row) for row in rows])).all()
        due = np.stack([picture(row) for row in rows]).astype(int)
        assert np.abs(part[FRONT].astype(int) - due).mean() < 1.0
        assert set(part["task"]) == {record.tasks[0]}
        found.append(Told(record.tasks[0], rows))
    return found


def part(told: Told, rows: Sequence[int]) -> Told:
    return Told(told.task, tuple(told.rows[row] for row in rows))
