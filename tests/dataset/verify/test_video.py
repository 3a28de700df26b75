"""Slips, and what else is wrong with a video: the images carry real strips."""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from lerecord import frame_stamp
from lerecord.dataset.format import CameraSpec, VideoSettings, layout
from lerecord.dataset.verify import check
from lerecord.dataset.video import pictures_of

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab

ROWS = 20
VIDEO = layout.video_file(0, "observation.images.front")


@pytest.fixture
def sound(lab: "Lab") -> Path:
    with lab.open() as writer:
        lab.record(writer, rows=ROWS)
    assert check(lab.root).findings == []
    return lab.root


def encoded(path: Path, pictures: Sequence[NDArray[np.uint8]], **changes: Any) -> None:
    """Replace a video by one of these images, well-formed but for the changes."""
    fps = changes.get("fps", 30)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"g": "2", "bf": "0"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = changes.get("pix_fmt", "yuv420p")
        for number, picture in enumerate(pictures):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
            frame.pts, frame.time_base = changes.get("pts", range(ROWS))[number], Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def rearranged(order: Sequence[int]) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        pictures = list(pictures_of(root / VIDEO))
        encoded(root / VIDEO, [pictures[number] for number in order])

    return damage


def findings_of(root: Path) -> list[str]:
    return [str(each) for each in check(root).findings]


def test_the_same_pictures_encoded_again_are_sound(sound: Path) -> None:
    rearranged(range(ROWS))(sound)
    assert findings_of(sound) == []


def test_three_pictures_dropped_in_the_middle_and_the_last_repeated_are_found(
    sound: Path,
) -> None:
    """Right count, right times, right size, right look: every known validator is content."""
    order = [*range(8), *range(11, ROWS), ROWS - 1, ROWS - 1, ROWS - 1]
    assert len(order) == ROWS
    rearranged(order)(sound)
    shown_again, late = check(sound).findings
    assert (shown_again.episode, shown_again.camera, shown_again.row) == (0, "front", 17)
    assert shown_again.text == (
        "the image slipped: it is shown again and the camera gave a new one. The same holds "
        "for 2 later frames."
    )
    assert (late.episode, late.camera, late.row) == (0, "front", 8)
    apart_ms = re.fullmatch(
        r"the image slipped: its strip is (\d+) ms from its capture time\. "
        r"The same holds for 10 later frames\.",
        late.text,
    )
    assert apart_ms is not None
    assert abs(int(apart_ms[1]) - 100) < 5
    assert check(sound, quick=True).findings == []  # nothing but its images shows it


def test_one_picture_shown_twice_shifts_all_after_it(sound: Path) -> None:
    rearranged([*range(8), 7, *range(8, ROWS - 1)])(sound)
    assert findings_of(sound)[0] == (
        "episode 0, camera front, frame 8: the image slipped: it is shown again and the camera "
        "gave a new one."
    )


def test_one_picture_dropped_and_the_last_repeated_is_found(sound: Path) -> None:
    rearranged([*range(8), *range(9, ROWS), ROWS - 1])(sound)
    assert findings_of(sound) == [
        "episode 0, camera front, frame 19: the image slipped: it is shown again and the camera "
        "gave a new one.",
        "episode 0, camera front, frame 8: the image slipped: its strip is 32 ms from its capture "
        "time. The same holds for 10 later frames.",
    ]


def test_pictures_out_of_order_are_found(sound: Path) -> None:
    rearranged([*range(5), 6, 5, *range(7, ROWS)])(sound)
    assert (
        "episode 0, camera front, frame 6: the image slipped: its counter goes back."
        in findings_of(sound)
    )


def test_a_new_picture_where_a_repeat_is_due_is_found(lab: "Lab") -> None:
    with lab.open() as writer:
        lab.record(writer, rows=ROWS, missed_before={9: 1})
    pictures = list(pictures_of(lab.root / VIDEO))
    encoded(lab.root / VIDEO, [*pictures[:9], *pictures[10:], pictures[-1]], pts=range(ROWS + 1))
    assert (
        "episode 0, camera front, frame 9: the image slipped: it is a new one instead of the last "
        "one again." in findings_of(lab.root)
    )


def test_a_picture_without_its_strip_is_found(sound: Path) -> None:
    pictures = list(pictures_of(sound / VIDEO))
    pictures[4] = pictures[4].copy()
    pictures[4][:30, 40:80] = 0
    encoded(sound / VIDEO, pictures)
    assert findings_of(sound) == [
        "episode 0, camera front, frame 4: the strip of the simulated image cannot be read."
    ]


def test_other_pictures_do_not_have_the_look_of_the_statistics(sound: Path) -> None:
    pictures = [picture // 2 for picture in pictures_of(sound / VIDEO)]
    for number, picture in enumerate(pictures):
        original = list(pictures_of(sound / VIDEO))[number]
        picture[: frame_stamp.strip_height(120)] = original[: frame_stamp.strip_height(120)]
    encoded(sound / VIDEO, pictures)
    assert findings_of(sound) == [
        f"episode 0, camera front: the {name} of the decoded images is not that of the stored "
        "statistics."
        for name in ("mean", "std")
    ]


def test_a_picture_short_is_found(sound: Path) -> None:
    rearranged(range(ROWS - 1))(sound)
    assert findings_of(sound) == [
        "episode 0, camera front: the number of images is 19 instead of 20.",
        "episode 0, camera front: 19 images decode instead of 20.",
    ]
    assert [str(each) for each in check(sound, quick=True).findings] == findings_of(sound)[:1]


def test_a_picture_at_another_time_is_found(sound: Path) -> None:
    pictures = list(pictures_of(sound / VIDEO))
    encoded(sound / VIDEO, pictures, pts=[*range(19), 20])
    assert (
        "episode 0, camera front, frame 19: the image is not shown at frame / 30 s."
        in findings_of(sound)
    )


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"fps": 60}, "the frame rate is 60 instead of 30."),
        ({"pix_fmt": "yuv444p"}, "the pixel format is yuv444p instead of yuv420p."),
    ],
)
def test_a_video_of_another_form_is_found(
    sound: Path, changes: dict[str, Any], finding: str
) -> None:
    encoded(sound / VIDEO, list(pictures_of(sound / VIDEO)), **changes)
    assert f"episode 0, camera front: {finding}" in findings_of(sound)


def test_a_video_of_another_size_is_found(sound: Path) -> None:
    (sound / VIDEO).write_bytes(
        (sound / layout.video_file(0, "observation.images.wrist")).read_bytes()
    )
    assert "episode 0, camera front: the size is (200, 160) instead of (160, 120)." in findings_of(
        sound
    )


def test_a_video_that_does_not_decode_to_its_end_is_found(sound: Path) -> None:
    data = bytearray((sound / VIDEO).read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 600] = bytes(600)
    (sound / VIDEO).write_bytes(data)
    assert check(sound, quick=True).findings == []
    assert [each for each in findings_of(sound) if each.startswith("episode 0, camera front")]


@pytest.mark.parametrize("rotation", [90, 180])
def test_strips_of_a_turned_camera_are_read_as_the_camera_saw_them(
    lab: "Lab", rotation: int
) -> None:
    config = {"cameras": {"front": {"rotation": rotation, "fps": 30}}}
    size = (120, 160) if rotation == 90 else (160, 120)
    lab.spec = lab.spec_with(
        cameras=(CameraSpec("front", *size),),
        hardware=lab.spec.hardware.with_entries(config=config),
    )
    lab.rotation = rotation
    with lab.open() as writer:
        lab.record(writer, rows=6)
    assert findings_of(lab.root) == []
    rearranged([0, 1, 2, 2, 3, 4])(lab.root)
    assert findings_of(lab.root)[0].startswith("episode 0, camera front, frame 3: the image slip")


def test_a_long_way_from_the_camera_is_a_remark_with_its_figure(lab: "Lab") -> None:
    config = {"cameras": {"front": {"rotation": 0, "fps": 10}}}
    lab.spec = lab.spec_with(hardware=lab.spec.hardware.with_entries(config=config))
    with lab.open() as writer:
        lab.record(writer, rows=6, drawn_before_s=0.08)
        lab.record(writer, rows=6, drawn_before_s=0.09)
    report = check(lab.root)
    assert report.findings == []
    (remark,) = report.remarks
    assert re.fullmatch(
        r"episode 0, camera wrist, frame 0: the image took long from the camera to the recorder; "
        r"8. ms at most\. The same holds for 5 later frames\. Likewise in 1 more episode\.",
        str(remark),
    )


def test_an_image_that_came_unchanged_did_not_slip(lab: "Lab") -> None:
    """A camera that gives half of its images gives each twice, as new ones."""
    with lab.open() as writer:
        lab.record(writer, rows=8, twice=True)
    assert findings_of(lab.root) == []


def test_the_milliseconds_of_a_strip_may_wrap(lab: "Lab") -> None:
    with lab.open() as writer:
        lab.record(writer, rows=6, start_s=2**32 / 1000 - 0.1)
    assert findings_of(lab.root) == []


def test_av1_is_checked_and_another_codec_is_a_remark(lab: "Lab") -> None:
    with lab.open() as writer:
        lab.record(writer, rows=6)
    lab.spec = lab.spec_with(video=VideoSettings("av1"))
    with lab.open() as writer:
        lab.record(writer, rows=6)
    report = check(lab.root)
    assert report.findings == []
    assert [str(each) for each in report.remarks] == [
        f"episode 0, camera {name}: the video is h264; the dataset's last setting is av1."
        for name in ("front", "wrist")
    ]
