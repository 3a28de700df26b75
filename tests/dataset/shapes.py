"""Datasets of v2.1 in any shape that LeRobot 0.3.3 and its users write; each deviation is named."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from lerecord.dataset.format import DEFAULT_FEATURES, layout

FRONT = "observation.images.front"
WIDTH, HEIGHT = 96, 64
_HF = {"float32": "float32", "int64": "int64", "bool": "bool"}


@dataclass(frozen=True)
class Camera:
    """One camera: a video, or images in the data files."""

    key: str = FRONT
    width: int = WIDTH
    height: int = HEIGHT
    dtype: str = "video"
    told: str | None = "info"
    """Where its facts stand: `info`, `video_info` or nowhere."""
    names: Sequence[str] | None = ("height", "width", "channels")
    first_pts: int = 0
    gap_at: int | None = None
    """The image from which on all are shown a frame later."""
    dropped: int = 0
    """Images that the video lacks at its end."""
    repeat: int = 1
    """How often the video shows each image."""
    depth: bool = False
    """HEVC of 12-bit gray, as LeRobot 0.6 keeps it; image i holds the value `depth_value(i)`."""


@dataclass(frozen=True)
class Shape:
    """A dataset.

    Attributes:
        episodes: the tasks of each frame of each episode.
        cameras: of it.
        vectors: column to width; action and observation.state usually.
        further: column to its feature and what gives a frame's value.
        video_of: True writes videos; False leaves them out, for what is about metadata alone.
    """

    episodes: Sequence[Sequence[str]] = (("a",) * 8, ("b",) * 5, ("a",) * 6)
    cameras: Sequence[Camera] = (Camera(),)
    vectors: Mapping[str, int] = field(
        default_factory=lambda: {"action": 2, "observation.state": 3}
    )
    further: Mapping[str, tuple[dict[str, Any], Callable[[int], Any]]] = field(default_factory=dict)
    fps: int = 30


def picture(episode: int, frame: int, camera: Camera) -> NDArray[np.uint8]:
    """(H, W, 3) RGB; the red of its lower half tells episode and frame."""
    pixels = np.zeros((camera.height, camera.width, 3), np.uint8)
    pixels[..., 0] = 20 + (episode * 31 + frame * 7) % 200
    pixels[..., 1] = 128
    pixels[: camera.height // 2, :, 2] = 200
    return pixels


def depth_value(frame: int) -> int:
    return (64, 1024, 2048, 4032)[frame % 4]


def write(root: Path, shape: Shape) -> Path:
    tasks = list(dict.fromkeys(task for episode in shape.episodes for task in episode))
    features = _features(shape)
    lines: dict[str, list[dict[str, Any]]] = {
        layout.TASKS: [{"task_index": n, "task": each} for n, each in enumerate(tasks)],
        layout.EPISODES: [],
        layout.EPISODES_STATS: [],
    }
    first = 0
    for index, told in enumerate(shape.episodes):
        columns = _columns(shape, index, first, [tasks.index(each) for each in told])
        values = {key: _stats(np.array(each)) for key, each in columns.items() if _counts(each)}
        for camera in shape.cameras:
            if camera.dtype == "video":
                _write_video(
                    _made(root / layout.video_file(index, camera.key)), index, told, camera
                )
            else:
                columns[camera.key] = [_png(picture(index, n, camera)) for n in range(len(told))]
            values[camera.key] = _image_stats(index, len(told), camera)
        _write_table(_made(root / layout.data_file(index)), features, columns)
        lines[layout.EPISODES].append(
            {"episode_index": index, "tasks": list(dict.fromkeys(told)), "length": len(told)}
        )
        ordered = {key: values[key] for key in features if key in values}
        lines[layout.EPISODES_STATS].append({"episode_index": index, "stats": ordered})
        first += len(told)
    for name, each in lines.items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in each)
        _made(root / name).write_text(text, encoding="utf-8")
    videos = sum(camera.dtype == "video" for camera in shape.cameras)
    info = {
        "codebase_version": "v2.1",
        "robot_type": "so100",
        "total_episodes": len(shape.episodes),
        "total_frames": first,
        "total_tasks": len(tasks),
        "total_videos": len(shape.episodes) * videos,
        "total_chunks": -(-len(shape.episodes) // 1000),
        "chunks_size": 1000,
        "fps": shape.fps,
        "splits": {"train": f"0:{len(shape.episodes)}"},
        "data_path": layout.DATA_PATH,
        "video_path": layout.VIDEO_PATH if videos else None,
        "features": features,
    }
    (root / layout.INFO).write_text(json.dumps(info, indent=4), encoding="utf-8")
    return root


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _features(shape: Shape) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: {"dtype": "float32", "shape": [width], "names": [f"j{n}" for n in range(width)]}
        for key, width in shape.vectors.items()
    }
    for camera in shape.cameras:
        channels = 1 if camera.depth else 3
        found[camera.key] = {
            "dtype": camera.dtype,
            "shape": [camera.height, camera.width, channels],
            "names": None if camera.names is None else list(camera.names),
        }
        if camera.told is not None and camera.dtype == "video":
            found[camera.key][camera.told] = {
                "video.height": camera.height,
                "video.width": camera.width,
                "video.codec": "hevc" if camera.depth else "h264",
                "video.pix_fmt": "gray12le" if camera.depth else "yuv420p",
                "video.is_depth_map": camera.depth,
                "video.fps": shape.fps,
                "video.channels": channels,
                "has_audio": False,
            }
    found |= {key: feature for key, (feature, _) in shape.further.items()}
    scalars = DEFAULT_FEATURES.items()
    return found | {key: {"dtype": dtype, "shape": [1], "names": None} for key, dtype in scalars}


def _columns(shape: Shape, index: int, first: int, tasks: Sequence[int]) -> dict[str, Any]:
    frame = np.arange(len(tasks), dtype=np.int64)
    rng = np.random.default_rng(index)
    columns: dict[str, Any] = {
        key: rng.normal(0, 20, (len(frame), width)).astype(np.float32)
        for key, width in shape.vectors.items()
    }
    columns |= {
        key: [give(n) for n in range(len(tasks))] for key, (_, give) in shape.further.items()
    }
    return columns | {
        "timestamp": (frame / shape.fps).astype(np.float32),
        "frame_index": frame,
        "episode_index": np.full_like(frame, index),
        "index": frame + first,
        "task_index": np.array(tasks, dtype=np.int64),
    }


def _write_table(path: Path, features: Mapping[str, Any], columns: Mapping[str, Any]) -> None:
    arrays = {}
    for key in features:
        if key not in columns:
            continue
        values = columns[key]
        if isinstance(values, np.ndarray) and values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]  # LeRobot keeps a vector of one as a plain number
        if isinstance(values, np.ndarray) and values.ndim == 2:
            flat: Any = pa.array(values.ravel())
            arrays[key] = pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
        else:
            arrays[key] = pa.array(values)
    pq.write_table(pa.table(arrays), path)


def _counts(values: Any) -> bool:
    return np.array(values).dtype.kind in "biuf"


def _stats(values: NDArray[Any]) -> dict[str, Any]:
    """In the precision of the column, as LeRobot computes them."""
    flat = values[:, None] if values.ndim == 1 else values
    return {
        "min": flat.min(axis=0).tolist(),
        "max": flat.max(axis=0).tolist(),
        "mean": flat.mean(axis=0).tolist(),
        "std": flat.std(axis=0).tolist(),
        "count": [len(values)],
    }


def _image_stats(episode: int, frames: int, camera: Camera) -> dict[str, Any]:
    if camera.depth:
        pixels = np.array([[[[depth_value(n)]]] for n in range(frames)]) / 4095
    else:
        pixels = np.stack([picture(episode, n, camera) for n in range(frames)]) / 255.0
    each = {name: getattr(pixels, name)(axis=(0, 1, 2)) for name in ("min", "max", "mean", "std")}
    return {name: [[[value]] for value in found] for name, found in each.items()} | {
        "count": [frames]
    }


def _png(pixels: NDArray[np.uint8]) -> dict[str, Any]:
    return {"bytes": cv2.imencode(".png", pixels[..., ::-1])[1].tobytes(), "path": "frame.png"}


def _write_video(path: Path, episode: int, told: Sequence[str], camera: Camera) -> None:
    encoder = "libx265" if camera.depth else "libx264"
    options = {"x265-params": "lossless=1:log-level=none"} if camera.depth else {"g": "2"}
    with av.open(str(path), "w", format="mp4") as output:
        stream: Any = output.add_stream(encoder, 30, options={**options, "bf": "0"})
        stream.width, stream.height = camera.width, camera.height
        stream.pix_fmt = "gray12le" if camera.depth else "yuv420p"
        for n in range(len(told) * camera.repeat - camera.dropped):
            shown = n // camera.repeat
            frame = (
                _depth_frame(shown, camera)
                if camera.depth
                else VideoFrame.from_ndarray(picture(episode, shown, camera), format="rgb24")
            )
            late = camera.first_pts + (camera.gap_at is not None and n >= camera.gap_at)
            frame.pts, frame.time_base = n + late, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


def _depth_frame(n: int, camera: Camera) -> VideoFrame:
    frame = VideoFrame(camera.width, camera.height, "gray12le")
    plane = frame.planes[0]
    values = np.full((camera.height, plane.line_size // 2), depth_value(n), np.uint16)
    plane.update(values.tobytes())
    return frame
