import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord import frame_stamp
from lerecord.simulator.rigs import REST, Pose, forward
from lerecord.simulator.scene import Renderer, Scene, demonstration
from lerecord.simulator.scene.demonstrator import HOME
from lerecord.simulator.scene.render import FRONT, WRIST, view_of
from lerecord.simulator.scene.solids import solids_of
from lerecord.simulator.scene.world import TARGET, Box

CAMERAS = (FRONT, WRIST)
RENDERERS = {name: Renderer(name, 640, 480, seed=0) for name in CAMERAS}


def scene(pose: Pose = HOME, box: tuple[float, float] = (0.2, 0.08)) -> Scene:
    placed = Box()
    placed.put(*box, 0.2)
    return Scene(pose, placed.centre, placed.axes)


def draw(name: str, shown: Scene, counter: int = 0) -> NDArray[np.uint8]:
    return RENDERERS[name].draw(shown, counter)


def cardboard(picture: NDArray[np.uint8]) -> tuple[float, float] | None:
    """Middle of what has the colour of the box, in pixels."""
    hue, saturation, value = cv2.split(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV))
    rows, columns = np.nonzero((abs(hue.astype(int) - 16) < 5) & (saturation > 115) & (value > 90))
    return (columns.mean(), rows.mean()) if len(rows) > 60 else None


@pytest.mark.parametrize("name", CAMERAS)
def test_the_same_scene_is_the_same_picture(name: str) -> None:
    fresh = Renderer(name, 640, 480, seed=0)
    assert np.array_equal(fresh.draw(scene(), 5), draw(name, scene(), 5))


@pytest.mark.parametrize("name", CAMERAS)
def test_noise_differs_from_picture_to_picture_and_is_small(name: str) -> None:
    first, second = (draw(name, scene(), counter).astype(int) for counter in (0, 1))
    assert 0.5 < np.abs(first - second).mean() < 6.0
    assert np.abs(first - second).max() <= 6


def test_the_table_is_another_with_another_seed() -> None:
    other = Renderer(FRONT, 640, 480, seed=1).draw(scene(), 0).astype(int)
    assert np.abs(other - draw(FRONT, scene())).mean() > 2.0


def test_the_cameras_see_different_things() -> None:
    front, wrist = (draw(name, scene()).astype(int) for name in CAMERAS)
    assert np.abs(front - wrist).mean() > 20.0


def test_the_front_camera_sees_the_arm_move_and_the_rest_of_the_picture_stand_still() -> None:
    rest, home = (draw(FRONT, scene(pose)).astype(int) for pose in (REST, HOME))
    changed = np.abs(rest - home).max(axis=2) > 12
    assert 0.02 < changed.mean() < 0.5
    assert not changed[:, :40].any()


def test_the_wrist_camera_rides_on_the_hand() -> None:
    turned = (0.6, *HOME[1:])
    still, moved = (draw(WRIST, scene(pose)).astype(int) for pose in (HOME, turned))
    assert (np.abs(still - moved).max(axis=2) > 12).mean() > 0.4


def test_both_cameras_show_the_box_where_it_is() -> None:
    for name in CAMERAS:
        above = demonstration(HOME, (0.2, 0.08, 0.2), 0).at(1.1).pose
        seen = cardboard(draw(name, scene(above)))
        assert seen is not None
        if name == WRIST:  # the hand is above the box: it lies before the fingers
            assert seen == pytest.approx((320.0, 240.0), abs=90.0)


@pytest.mark.parametrize("angle", [-58.0, -30.0, 0.0, 30.0, 58.0])
@pytest.mark.parametrize("radius", [0.165, 0.245])
def test_the_front_camera_sees_the_box_wherever_it_may_lie(angle: float, radius: float) -> None:
    place = (radius * np.cos(np.radians(angle)), radius * np.sin(np.radians(angle)))
    empty, with_box = scene(REST, (-5.0, 0.0)), scene(REST, place)
    changed = np.abs(draw(FRONT, empty).astype(int) - draw(FRONT, with_box)).max(axis=2) > 12
    rows, columns = np.nonzero(changed)
    assert len(rows) > 800
    assert rows.min() > frame_stamp.strip_height(480)
    assert rows.max() < 479
    assert columns.min() > 0
    assert columns.max() < 639


def test_the_front_camera_sees_the_target() -> None:
    picture = draw(FRONT, scene(REST, (0.2, 0.1)))
    blue = (picture[:, :, 0].astype(int) - picture[:, :, 2] > 60)[:, :300]
    rows, columns = np.nonzero(blue)
    assert len(rows) > 300
    assert TARGET[1] < 0.0  # on the robot's right, which is the camera's left
    assert columns.mean() < 250


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (1280, 720), (160, 120), (100, 300)])
@pytest.mark.parametrize("name", CAMERAS)
def test_any_size_and_the_strip_is_readable_from_the_jpeg(name: str, size: tuple[int, int]) -> None:
    picture = Renderer(name, *size, seed=3).draw(scene(), 1)
    assert picture.shape == (size[1], size[0], 3)
    stamp = frame_stamp.Stamp(counter=123456, milliseconds=987654321, pan=2047)
    frame_stamp.draw(picture, stamp)
    jpeg = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, 90))[1]
    decoded = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert decoded is not None
    assert frame_stamp.read(decoded.astype(np.uint8)) == stamp


def wood(picture: NDArray[np.uint8]) -> float:
    """Share of the image that has the colour of the table."""
    redder = picture[:, :, 2].astype(int) - picture[:, :, 0]
    return float(((redder > 25) & (redder < 110)).mean())


def test_no_table_in_the_sky() -> None:
    upright, level = (0.0,) * 5 + (0.5,), (0.0, -0.9, 2.4, 0.0, 0.0, 0.5)
    assert wood(draw(WRIST, scene(upright))) < 0.03  # the pads in the shade
    assert 0.2 < wood(draw(WRIST, scene(level))) < 0.8
    assert wood(draw(WRIST, scene(HOME))) > 0.5


def test_a_box_in_the_air_throws_a_shadow_on_the_table() -> None:
    shown = scene(REST, (0.24, 0.05))
    empty = draw(FRONT, scene(REST, (-5.0, 0.0))).astype(float)
    shown.box_centre[2] = 0.15
    ground = np.array([0.24 - 0.15 * 0.35, 0.05 - 0.15 * 0.45, 0.0])  # away from the lamp
    pixel, _ = RENDERERS[FRONT]._project(view_of(FRONT, shown), ground)
    column, row = np.rint(pixel).astype(int)
    patch = np.s_[row - 2 : row + 3, column - 2 : column + 3]
    shade = draw(FRONT, shown)[patch].mean() / empty[patch].mean()
    assert shade == pytest.approx(0.55, abs=0.08)


@pytest.mark.parametrize("name", CAMERAS)
def test_every_pose_can_be_drawn(name: str) -> None:
    random = np.random.default_rng(0)
    for _ in range(60):
        pose = (*random.uniform(-np.pi, np.pi, 5), random.uniform(0.0, 1.0))
        assert draw(name, scene(tuple(pose))).any()


def test_solids_follow_the_hand() -> None:
    solids = solids_of(scene())
    chain = forward(HOME)
    fingers = solids.centres[13:17]
    apart = (fingers[1] - fingers[0]) @ np.array(chain.across)
    assert apart == pytest.approx(0.09 + 2.0 * 0.004)
    assert len(solids.centres) == len(solids.halves) == len(solids.colors) == 19
    for axes in solids.axes:
        assert axes.T @ axes == pytest.approx(np.eye(3), abs=1e-9)
        assert np.linalg.det(axes) == pytest.approx(1.0)
