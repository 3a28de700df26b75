from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord.dataset.format import TrackSummary, is_blank, remarks_of
from lerecord.dataset.format.camera_health import camera_health, same_views
from lerecord.dataset.video import histogram_of

FPS = 30
RANDOM = np.random.default_rng(0)
Pixels = NDArray[np.uint8]


def scene() -> Pixels:
    y, x = np.mgrid[:120, :160]
    return np.stack([x, y * 2, 200 - x], axis=-1).astype(np.uint8)


def noisy(pixels: Pixels, sigma: float = 3.0) -> Pixels:
    noise = RANDOM.normal(0, sigma, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def track(sequence: NDArray[np.int64], fps: float) -> TrackSummary:
    """The images of a camera that had image n at n / fps."""
    repeated = np.append(False, np.diff(sequence) == 0)
    return TrackSummary(
        captured_at=100 + sequence / fps,
        sequence=sequence.astype(np.uint32),
        repeated=repeated,
        corrupt=np.zeros(len(sequence), np.bool_),
        histogram=histogram_of(scene()) * len(sequence),
        histogram_rows=len(sequence),
        unchanged=np.zeros(len(sequence), np.bool_),
        blank=np.zeros(len(sequence), np.bool_),
    )


def taken(camera_fps: float, seconds: int = 6) -> TrackSummary:
    """What a recorder at 30 chooses of a camera of that rate."""
    return track((np.arange(seconds * FPS) * camera_fps / FPS).astype(np.int64), camera_fps)


def health(*tracks: TrackSummary, missed: int = 0) -> dict[str, object]:
    started = 100.01 + np.arange(tracks[0].rows) / FPS
    names = ("front", "wrist")
    return {
        "rows": tracks[0].rows,
        "missed": missed,
        "cameras": {n: camera_health(t, started) for n, t in zip(names, tracks, strict=False)},
        "same_views": same_views(dict(zip(names, tracks, strict=False))),
    }


@pytest.mark.parametrize("fps", [5, 10, 15, 26])
def test_a_camera_slower_than_the_recording_is_told_with_its_rate(fps: int) -> None:
    found = camera_health(taken(fps), np.full(6 * FPS, 106.0))
    assert found["fps"] == pytest.approx(fps, abs=0.05)
    assert remarks_of(health(taken(fps)), FPS)[0].startswith(
        f"Camera front gave {fps}.0 images a second and 30 are recorded"
    )


@pytest.mark.parametrize("fps", [29.97, 30, 60, 120])
def test_a_camera_that_is_fast_enough_is_not_remarked(fps: float) -> None:
    assert remarks_of(health(taken(fps)), FPS) == []


def test_a_rate_survives_the_wrap_of_the_count() -> None:
    wrapped = replace(taken(15), sequence=(2**32 - 10 + taken(15).sequence.astype(int)) % 2**32)
    assert camera_health(wrapped, np.full(6 * FPS, 106.0))["fps"] == pytest.approx(15, abs=0.05)


def test_no_rate_is_told_of_a_take_shorter_than_a_second() -> None:
    assert camera_health(taken(10, seconds=1), np.full(FPS, 101.0))["fps"] is None


def test_a_frozen_camera_is_told_with_the_time_it_stood() -> None:
    frozen = taken(30)
    unchanged = np.arange(frozen.rows) >= 120
    found = health(replace(frozen, unchanged=unchanged))
    assert remarks_of(found, FPS) == [
        "Camera front gave the same image for 2.0 s: check that it is not frozen."
    ]


def test_images_given_twice_are_counted() -> None:
    twice = replace(taken(30), unchanged=np.arange(180) % 2 == 1)
    assert remarks_of(health(twice), FPS) == [
        "Camera front gave the same image again in 90 of 180 frames: check its rate."
    ]


def test_blank_and_damaged_images_are_counted() -> None:
    bad = replace(taken(30), blank=np.arange(180) < 7, corrupt=np.arange(180) < 3)
    blank, damaged = remarks_of(health(bad), FPS)
    assert blank.startswith("Camera front gave 7 of 180 images in a single shade")
    assert damaged.startswith("Camera front gave damaged images in 3 of 180 frames")


@pytest.mark.parametrize(("missed", "told"), [(0, False), (5, False), (36, True)])
def test_a_loop_that_misses_its_slots_is_told(missed: int, told: bool) -> None:
    remarks = remarks_of(health(taken(30), missed=missed), FPS)
    assert [each.startswith(f"The loop missed {missed} of 180") for each in remarks] == [
        True
    ] * told


def test_one_camera_under_two_names_is_told_also_when_a_few_images_differ() -> None:
    nearly = histogram_of(scene()) * 178 + histogram_of(noisy(scene())) * 2
    for same in (taken(30), replace(taken(30), histogram=nearly)):
        assert remarks_of(health(taken(30), same), FPS) == [
            "Cameras front and wrist show the same images: give each its own device."
        ]
    turned = cv2.rotate(noisy(scene(), 20), cv2.ROTATE_180).astype(np.uint8)
    different = replace(taken(30), histogram=histogram_of(turned) * 180)
    assert remarks_of(health(taken(30), different), FPS) == []


def test_a_camera_that_gave_only_black_images_is_not_called_frozen_too() -> None:
    dark = replace(taken(30), blank=np.arange(180) >= 0, unchanged=np.arange(180) > 0)
    assert [each.split(" images ")[0] for each in remarks_of(health(dark), FPS)] == [
        "Camera front gave 180 of 180"
    ]


def test_two_black_cameras_are_not_one() -> None:
    black = replace(taken(30), histogram=histogram_of(np.zeros_like(scene())) * 180)
    assert same_views({"front": black, "wrist": black}) == []


@pytest.mark.parametrize("shade", [(0, 0, 0), (255, 255, 255), (0, 135, 0), (128, 128, 128)])
def test_an_image_of_one_shade_is_blank(shade: tuple[int, int, int]) -> None:
    plain = np.full((120, 160, 3), shade, np.uint8)
    assert is_blank(histogram_of(plain))
    assert is_blank(histogram_of(noisy(plain)))


def test_a_dark_scene_is_not_blank() -> None:
    assert not is_blank(histogram_of(scene()))
    assert not is_blank(histogram_of((scene() // 5).astype(np.uint8)))


def test_health_of_an_older_recording_has_no_remarks_of_what_it_lacks() -> None:
    assert remarks_of({"rows": 10, "cameras": {"front": {"repeated": 1, "corrupt": 0}}}, FPS) == []
    unknown = replace(taken(30), unchanged=None, blank=None)
    assert remarks_of(health(unknown), FPS) == []
