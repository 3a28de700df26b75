"""Makes the pictures of README and docs of a dataset that the simulated rig recorded.

lerecord --task "Grab the paper box" --dataset DIR --seed 1 </dev/null
python -m tests.pictures DIR
"""

import math
import re
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray
from rich.console import Console, RenderableType

import lerecord
from lerecord import frame_stamp
from lerecord.recording.recorder import CameraView
from lerecord.ui.snapshot import JointView, Snapshot
from lerecord.ui.terminal import JointRange, ranges_table
from lerecord.ui.terminal.screen import draw
from tests.ui.example import EXAMPLE

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CAMERAS = ("front", "wrist")
TASK = "Grab the paper box"
AT = 0.45  # of the episode: the gripper holds the box
STILL, MOVING, GAP = 480, 440, 8  # pixels of an image's width, and between two
GIF_FPS = 10
COLOURS = 128
NOISE = 14  # of 255: what changes less stays as it was, so that a GIF need not show it again

Pixels = NDArray[np.uint8]


def seen(data: lerecord.Dataset, frame: int, camera: str, width: int) -> Pixels:
    """What a camera saw, (H, W, 3) RGB, without the strip that tests read."""
    pixels = np.asarray(data[frame][f"observation.images.{camera}"])
    pixels = pixels[frame_stamp.strip_height(len(pixels)) :]
    size = width, 2 * round(width * pixels.shape[0] / pixels.shape[1] / 2)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def steady(images: list[Pixels]) -> list[Pixels]:
    """The same without the noise of a video: a pixel changes only where something moves."""
    kept = [images[0]]
    for image in images[1:]:
        change = np.abs(image.astype(np.int16) - kept[-1]).max(axis=2, keepdims=True)
        moves = cv2.dilate((change > NOISE).astype(np.uint8), np.ones((3, 3), np.uint8))
        kept.append(np.where(moves[..., np.newaxis], image, kept[-1]))
    return kept


def write_still(data: lerecord.Dataset) -> None:
    """What the robot sees while it holds the box, both cameras side by side."""
    left, right = (seen(data, int(AT * len(data)), camera, STILL) for camera in CAMERAS)
    gap = np.full((len(left), GAP, 3), 255, dtype=np.uint8)
    pixels = np.hstack([left, gap, right]).astype(np.uint8, copy=False)
    quality = (cv2.IMWRITE_JPEG_QUALITY, 88)
    cv2.imwrite(str(IMAGES / "cameras.jpg"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), quality)


def write_moving(data: lerecord.Dataset) -> None:
    """The episode as a GIF, with a palette made of all its images."""
    step = round(data.fps / GIF_FPS)
    images = [seen(data, frame, "front", MOVING) for frame in range(0, len(data), step)]
    images = steady(images)
    images += [images[-1]] * GIF_FPS  # it rests before it begins again
    height, width = images[0].shape[:2]
    graph = Graph()
    source = graph.add_buffer(
        width=width,
        height=height,
        format=av.VideoFormat("rgb24", width, height),
        time_base=Fraction(1, GIF_FPS),
    )
    split = graph.add("split")
    palette = graph.add("palettegen", f"max_colors={COLOURS}:stats_mode=diff")
    use = graph.add("paletteuse", "dither=none:diff_mode=rectangle")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    with av.open(str(IMAGES / "rig.gif"), "w") as file:
        stream = file.add_stream("gif", rate=GIF_FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "pal8"
        for place, pixels in enumerate(images):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = place, Fraction(1, GIF_FPS)
            source.push(frame)
        source.push(None)
        for _ in images:
            shown = sink.pull()
            assert isinstance(shown, av.VideoFrame)
            file.mux(stream.encode(shown))
        file.mux(stream.encode(None))


def moment_of(data: lerecord.Dataset, frame: int) -> Snapshot:
    """A session at the moment in which this frame of a take was recorded."""
    sample = data[frame]
    joints = zip(
        data.features["action"]["names"],
        np.asarray(sample["action"]).reshape(-1),
        np.asarray(sample["observation.state"]).reshape(-1),
        strict=True,
    )
    return replace(
        EXAMPLE,
        task=TASK,
        dataset="datasets/sim",
        robot="koch_sim",
        simulated=True,
        episode=3,
        saved=3,
        saves=3,
        elapsed_s=frame / data.fps,
        limit_s=20.0,
        rows=frame,
        rate_hz=float(data.fps),
        fps=data.fps,
        cameras=(CameraView("front", 30.0, 0.012, 0), CameraView("wrist", 30.0, 0.019, 0)),
        joints=tuple(
            JointView(
                name.removesuffix(".pos"),
                float(leader),
                float(follower),
                *((0.0, 100.0) if "gripper" in name else (-100.0, 100.0)),
            )
            for name, leader, follower in joints
        ),
        saving=0,
    )


def write_screen(data: lerecord.Dataset) -> None:
    """The recording screen at that moment."""
    frame = int(AT * len(data))
    snapshot = replace(
        moment_of(data, frame),
        episodes=None,
        limit_s=None,
        notice="Episode 2 is saved: 221 frames, 7.4 s, none missed.",
        saving=1,
    )
    assert not any(math.isnan(joint.leader) for joint in snapshot.joints)
    write_terminal("screen", draw(snapshot, 80, 24))


def write_calibration(_: lerecord.Dataset) -> None:
    """`lerecord calibrate` while the joints of an SO-101 are moved one after the other."""
    seen = {
        "shoulder_pan": (-108.0, 112.0, 0.0),
        "shoulder_lift": (-87.0, 83.0, 0.0),
        "elbow_flex": (-78.0, 41.0, 41.0),
        "wrist_flex": (0.0, 0.0, 0.0),
        "wrist_roll": (0.0, 0.0, 0.0),
        "gripper": (0.0, 0.0, 0.0),
    }
    joints = [JointRange(name, *values, name == "wrist_roll") for name, values in seen.items()]
    hint = "Move every joint from one end to the other, then press Enter (q quits)."
    write_terminal("calibrate", ranges_table(joints, hint))


def write_terminal(name: str, shown: RenderableType) -> None:
    """What a terminal of 80 columns shows."""
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = Console(width=80, record=True, force_terminal=True, file=nowhere)
        console.print(shown)
    svg = console.export_svg(title="lerecord", unique_id=name)
    fonts = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # from a server of somebody else
    (IMAGES / f"{name}.svg").write_text(fonts.sub("", svg), encoding="utf-8")


def main() -> None:
    """Of the first episode of a dataset."""
    data = lerecord.Dataset(sys.argv[1], episodes=[0])
    for write in (write_still, write_moving, write_screen, write_calibration):
        write(data)
    for picture in sorted(IMAGES.iterdir()):
        print(f"{picture.name}: {picture.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
