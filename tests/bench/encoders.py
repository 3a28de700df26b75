"""What each setting of an encoder costs and gives, as a table in Markdown.

    python -m tests.bench.encoders [--torchcodec PYTHON] [--images 240] [--only TEXT]

Three clips: `textured`, random squares that move fast, the worst case; `noisy`, the simulator's
wrist camera with the noise of a webcam's sensor; `clean`, the same without noise. The last two
carry the strip. All go through JPEG and the recorder's own conversion, encoder and copy.

Every time is processor time of all threads, so that a busy machine changes little. Random access
is the decoding of one image somewhere, with one thread: by PyAV, and by torchcodec where an
interpreter that has it is given, which also converts the image to RGB. `kept` keeps the reader
between images, `opened` opens it for each.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from lerecord import frame_stamp
from lerecord.dataset.format import CameraSpec, VideoSettings
from lerecord.dataset.format.video_settings import PROFILES
from lerecord.dataset.video import FragmentedVideo, PictureMaker, remux
from lerecord.frame import Image
from lerecord.simulator.scene import Renderer, Scene, World, demonstration
from lerecord.simulator.scene.demonstrator import HOME
from lerecord.simulator.scene.render import WRIST

FPS = 30
CAMERA = CameraSpec("camera", 640, 480)
ACCESSES = 60
JPEG = (
    *(cv2.IMWRITE_JPEG_QUALITY, 90),
    *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422),
)


def x264(
    preset: str = "superfast",
    crf: int = 21,
    gop: int = 2,
    params: str = "cabac=0:no-deblock=1",
    tune: str = "zerolatency",
) -> VideoSettings:
    options = {"tune": tune, "x264-params": params}
    return VideoSettings("h264", preset, crf, gop, tuple((k, v) for k, v in options.items() if v))


KEPT = "ipratio=1:no-fast-pskip=1:no-dct-decimate=1"


def ultrafast(params: str) -> VideoSettings:
    return VideoSettings(options=(("tune", "zerolatency"), ("x264-params", params)))


def svt(preset: int, crf: int = 30, gop: int = 2) -> VideoSettings:
    return VideoSettings("av1", str(preset), crf, gop, ())


SETTINGS: dict[str, VideoSettings] = {
    "x264 ultrafast qp 22 g 2, 8x8 transform, each image counts: default": PROFILES["default"],
    "the same, qp 25: fast": PROFILES["fast"],
    "the same, qp 19": VideoSettings(qp=19),
    "the same, crf 19": VideoSettings(crf=19),
    "the same, g 6": VideoSettings(gop=6),
    "the same, small changes left out": ultrafast("8x8dct=1:ipratio=1"),
    "the same, with partitions": ultrafast(f"8x8dct=1:{KEPT}:partitions=i8x8"),
    "the same, ipratio 1.4": ultrafast(f"8x8dct=1:{KEPT}:ipratio=1.4"),
    "the same, 8x8dct 0": ultrafast(KEPT),
    "x264 superfast crf 21 g 2, neither CABAC nor deblocking": x264(),
    "the same, ipratio 1, crf 20": x264(crf=20, params="cabac=0:no-deblock=1:ipratio=1"),
    "the same, subme 0": x264(params="cabac=0:no-deblock=1:subme=0"),
    "the same, crf 18": x264(crf=18),
    "the same, crf 24": x264(crf=24),
    "the same, g 1": x264(gop=1),
    "the same, g 4": x264(gop=4),
    "the same, g 10": x264(gop=10),
    "the same, g 30": x264(gop=30),
    "the same, with deblocking": x264(params="cabac=0"),
    "the same, with CABAC": x264(params="no-deblock=1"),
    "the same, with both": x264(params=""),
    "the same, not tuned for latency": x264(tune=""),
    "the same, chroma-qp-offset -4": x264(params="cabac=0:no-deblock=1:chroma-qp-offset=-4"),
    "the same, qcomp 1": x264(params="cabac=0:no-deblock=1:qcomp=1"),
    "x264 veryfast crf 21 g 2, neither": x264("veryfast"),
    "x264 veryfast crf 23 g 2, both": x264("veryfast", 23, params=""),
    "x264 veryslow crf 18 g 30, both": x264("veryslow", 18, 30, "", ""),
    "SVT-AV1 preset 12 crf 30 g 2": svt(12),
    "SVT-AV1 preset 12 crf 30 g 2, in a take": svt(12).live(),
    "SVT-AV1 preset 10 crf 30 g 2": svt(10),
    "SVT-AV1 preset 8 crf 30 g 2": svt(8),
    "SVT-AV1 preset 6 crf 30 g 2": svt(6),
    "SVT-AV1 preset 4 crf 30 g 2": svt(4),
    "SVT-AV1 preset 6 crf 24 g 2": svt(6, 24),
    "SVT-AV1 preset 8 crf 24 g 8": svt(8, 24, 8),
    "SVT-AV1 preset 6 crf 24 g 8": svt(6, 24, 8),
    "SVT-AV1 preset 6 crf 24 g 8, in a take": svt(6, 24, 8).live(),
    "SVT-AV1 preset 6 crf 28 g 8": svt(6, 28, 8),
    "SVT-AV1 preset 6 crf 24 g 30": svt(6, 24, 30),
    "SVT-AV1 preset 4 crf 24 g 8": svt(4, 24, 8),
}


@dataclass(frozen=True, eq=False)
class Clip:
    """Images as the encoder gets them."""

    frames: list[VideoFrame]
    strips: bool

    def planes(self, number: int) -> list[NDArray[np.float64]]:
        return planes_of(self.frames[number])


def textured() -> Iterator[bytes]:
    """Random squares under a moving camera: harder than any scene."""
    random = np.random.default_rng(0)
    width, height = CAMERA.width, CAMERA.height
    squares = random.integers(0, 256, (height // 8 + 40, width // 8 + 40, 3)).astype(np.uint8)
    ground = cv2.resize(squares, (width + 320, height + 320), interpolation=cv2.INTER_CUBIC)
    noise = random.normal(0, 4.0, (height + 64, width + 64, 3))
    for number in range(60):
        angle = 2 * np.pi * number / 60
        x, y = (int(160 + 120 * turn) for turn in (np.cos(angle), np.sin(2 * angle)))
        dx, dy = random.integers(0, 64, 2)
        scene = ground[y : y + height, x : x + width].astype(np.float64)
        scene += noise[dy : dy + height, dx : dx + width]
        pixels = np.clip(scene, 0, 255).astype(np.uint8)
        yield cv2.imencode(".jpg", pixels, JPEG)[1].tobytes()


def wrist(noise: float) -> Iterator[bytes]:
    """The simulator's wrist camera, while the arm does what the demonstrator does."""
    random = np.random.default_rng(0)
    world = World(0)
    motion = demonstration(HOME, world.box.flat_place(), 0)
    renderer = Renderer(WRIST, CAMERA.width, CAMERA.height, 0)
    renderer._noise[:] = 0
    for number in range(int(motion.duration_s * FPS)):
        pose = motion.at(number / FPS).pose
        picture = renderer.draw(Scene(pose, world.box.centre, world.box.axes), number)
        grain = random.normal(0, noise, picture.shape)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
        frame_stamp.draw(picture, frame_stamp.Stamp(number, number * 1000 // FPS, number % 4096))
        yield cv2.imencode(".jpg", picture, JPEG)[1].tobytes()


CLIPS: dict[str, Callable[[], Iterator[bytes]]] = {
    "textured": textured,
    "noisy": lambda: wrist(4.0),
    "clean": lambda: wrist(0.0),
}


def clip(name: str, pictures: int) -> Clip:
    maker = PictureMaker(CAMERA)
    frames = [maker.make(Image(data, 0.0, 0)).frame for data in CLIPS[name]()]
    return Clip([frames[number % len(frames)] for number in range(pictures)], name != "textured")


def planes_of(frame: VideoFrame) -> list[NDArray[np.float64]]:
    """Y, U and V."""
    flat = frame.to_ndarray(format="yuv420p").reshape(-1).astype(np.float64)
    luma = frame.width * frame.height
    return np.split(flat, [luma, luma * 5 // 4])


@dataclass
class Measured:
    """Milliseconds of processor time, bytes an image, dB, and images without a strip."""

    cpu_ms: float
    size: float
    psnr: tuple[float, float, float]
    accesses_ms: list[float] = field(default_factory=list)
    strips_lost: int = 0


def measure(shown: Clip, settings: VideoSettings, torchcodec: str | None) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        staged, path = Path(folder) / "staged", Path(folder) / "video.mp4"
        began = time.process_time()
        with FragmentedVideo(staged, CAMERA, FPS, settings) as video:
            for frame in shown.frames:
                video.encode(frame)
        cpu_ms = (time.process_time() - began) * 1e3 / len(shown.frames)
        assert remux(staged, path, FPS) == len(shown.frames)
        found = Measured(cpu_ms, path.stat().st_size / len(shown.frames), (0.0, 0.0, 0.0))
        compare(path, shown, found)
        random = np.random.default_rng(0)
        numbers = [int(each) for each in random.integers(0, len(shown.frames), ACCESSES)]
        found.accesses_ms = [access(path, numbers, kept) for kept in (True, False)]
        if torchcodec is not None:
            found.accesses_ms += by_torchcodec(torchcodec, path, numbers)
    return found


def compare(path: Path, shown: Clip, found: Measured) -> None:
    errors = np.zeros(3)
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            pairs = zip(planes_of(frame), shown.planes(number), strict=True)
            errors += [np.mean((coded - due) ** 2) for coded, due in pairs]
            if shown.strips:
                found.strips_lost += (
                    frame_stamp.read(frame.to_ndarray(format="bgr24").astype(np.uint8)) is None
                )
    luma, blue, red = 10 * np.log10(255**2 / (errors / len(shown.frames)))
    found.psnr = float(luma), float(blue), float(red)


def access(path: Path, numbers: Sequence[int], kept: bool) -> float:
    """Processor milliseconds until an image is decoded."""
    container = opened(path)
    began = time.process_time()
    for number in numbers:
        if not kept:
            container.close()
            container = opened(path)
        seek(container, number)
    spent = time.process_time() - began
    container.close()
    return spent * 1e3 / len(numbers)


def opened(path: Path) -> InputContainer:
    container = av.open(str(path))
    container.streams.video[0].codec_context.thread_count = 1
    return container


def seek(container: InputContainer, number: int) -> None:
    stream = container.streams.video[0]
    assert stream.time_base is not None
    due = round(number / FPS / stream.time_base)
    container.seek(due, stream=stream)
    for frame in container.decode(stream):
        if frame.pts is not None and frame.pts >= due:
            assert frame.pts == due
            return
    raise AssertionError(f"image {number} is not there")


TORCHCODEC = """
import json, sys, time
from torchcodec.decoders import VideoDecoder
path, numbers = sys.argv[1], json.loads(sys.argv[2])
def opened():
    return VideoDecoder(path, seek_mode="approximate", num_ffmpeg_threads=1)
decoder = opened()
decoder.get_frames_at([0])
found = []
for kept in (True, False):
    began = time.process_time()
    for number in numbers:
        if not kept:
            decoder = opened()
        decoder.get_frames_at([number])
    found.append((time.process_time() - began) * 1e3 / len(numbers))
print(json.dumps(found))
"""


def by_torchcodec(python: str, path: Path, numbers: list[int]) -> list[float]:
    done = subprocess.run(
        [python, "-c", TORCHCODEC, path, json.dumps(numbers)],
        stdout=subprocess.PIPE,
        check=True,
    )
    found: list[float] = json.loads(done.stdout)
    return found


def row(name: str, found: Sequence[Measured]) -> str:
    cells = [
        name,
        " / ".join(f"{each.cpu_ms:.1f}" for each in found),
        " / ".join(f"{each.size / 1000:.1f}" for each in found),
        " / ".join(f"{each.psnr[0]:.1f}" for each in found),
        " / ".join(f"{each.psnr[1]:.1f} {each.psnr[2]:.1f}" for each in found),
        *(
            " / ".join(f"{each.accesses_ms[number]:.1f}" for each in found)
            for number in range(len(found[0].accesses_ms))
        ),
        " / ".join(str(each.strips_lost) for each in found[1:]),
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--torchcodec", help="an interpreter of an environment with torchcodec")
    parser.add_argument("--images", dest="pictures", type=int, default=240)
    parser.add_argument("--only", default="", help="settings whose names have this in them")
    asked = parser.parse_args()
    clips = [clip(name, asked.pictures) for name in CLIPS]
    columns = [
        f"| {' / '.join(CLIPS)}",
        "CPU, ms",
        "kB",
        "PSNR Y, dB",
        "PSNR U V, dB",
        "PyAV kept, ms",
        "PyAV opened, ms",
        *(("torchcodec kept, ms", "torchcodec opened, ms") if asked.torchcodec else ()),
        "strips lost |",
    ]
    print(" | ".join(columns))
    print("|" + "---|" * len(columns))
    for name, settings in SETTINGS.items():
        if asked.only in name:
            print(row(name, [measure(each, settings, asked.torchcodec) for each in clips]))


if __name__ == "__main__":
    main()
