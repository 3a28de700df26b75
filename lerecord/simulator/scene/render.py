"""Software cameras: cuboids on a textured table, with cv2's polygon filler and no GL."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.simulator.rigs import Vector, forward
from lerecord.simulator.scene.solids import Scene, Solids, solids_of
from lerecord.simulator.scene.table_top import Picture, table_texture, texture_to_table

FRONT, WRIST = "front", "wrist"


CAMERAS = (FRONT, WRIST)


_LIGHT = np.array([0.35, 0.45, 1.0]) / math.sqrt(0.35**2 + 0.45**2 + 1.0)  # towards the lamp
_AMBIENT, _DIFFUSE = 0.52, 0.56
_SHADE = 0.55  # brightness of the table in shadow
_WALL_TOP, _WALL_LOW = np.array((122.0, 116.0, 108.0)), np.array((176.0, 170.0, 162.0))
_NEAR_M = 0.012
_FRACTION_BITS = 4  # polygon corners are given in sixteenths of a pixel
_SHADOW_SCALE = 4
_NOISE_LEVELS = 7
# Corners of each face, counter-clockwise from outside, and the axis and side it faces.
_FACES = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)
_FACE_AXES, _FACE_SIDES = np.array([0, 0, 1, 1, 2, 2]), np.array([-1, 1, -1, 1, -1, 1])


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Where a camera is: its place, and its right, down and forward directions as rows."""

    place: Vector
    rotation: Vector


def look_at(place: Vector, at: Vector, up: Vector) -> View:
    """A view from a place towards a point, with `up` upwards in the image."""
    ahead = (at - place) / np.linalg.norm(at - place)
    right = np.cross(ahead, up)
    right /= np.linalg.norm(right)
    return View(place, np.stack([right, np.cross(ahead, right), ahead]))


_FRONT_VIEW = look_at(
    np.array([0.60, 0.24, 0.40]), np.array([0.105, 0.015, 0.085]), np.array([0.0, 0.0, 1.0])
)
_FIELD_OF_VIEW = {FRONT: math.radians(52.0), WRIST: math.radians(72.0)}


def view_of(name: str, scene: Scene) -> View:
    """The view of the camera of that name: front stands still, wrist rides on the hand."""
    if name == FRONT:
        return _FRONT_VIEW
    chain = forward(scene.follower)
    palm, pointing = np.array(chain.palm), np.array(chain.pointing)
    place = np.array(chain.wrist) + 0.034 * pointing + 0.062 * palm
    return look_at(place, np.array(chain.tip) + 0.012 * palm, palm)


class Renderer:
    """One camera.

    Args:
        name: FRONT or WRIST; raises KeyError for any other.
        width, height: of its images.
        seed: of the table's grain and of the sensor's noise.
    """

    def __init__(self, name: str, width: int, height: int, seed: int) -> None:
        self.width, self.height = width, height
        self._name = name
        self._focal = width / 2.0 / math.tan(_FIELD_OF_VIEW[name] / 2.0)
        self._texture = table_texture(seed)
        self._wall = _wall(width, height)
        random = np.random.default_rng(seed)
        self._noise = random.integers(
            0, _NOISE_LEVELS, (height + 64, width + 64, 3), dtype=np.uint8
        )
        self._still: Picture | None = None
        if name == FRONT:
            self._still = self._ground(_FRONT_VIEW)

    def draw(self, scene: Scene, counter: int) -> Picture:
        """An image of shape (height, width, 3), uint8, BGR; `counter` picks the sensor noise."""
        view = view_of(self._name, scene)
        picture = self._ground(view) if self._still is None else self._still.copy()
        solids = solids_of(scene)
        corners = solids.corners()
        self._cast_shadows(picture, view, corners)
        self._fill(picture, view, solids, corners)
        down, right = counter * 37 % 64, counter * 23 % 64
        tile = self._noise[down : down + self.height, right : right + self.width]
        cv2.add(picture, tile, dst=picture)
        return picture

    def _project(self, view: View, points: Vector) -> tuple[Vector, Vector]:
        """Pixels (..., 2) and distances (...) of points (..., 3)."""
        seen = (points - view.place) @ view.rotation.T
        depth = seen[..., 2]
        safe = np.maximum(depth, _NEAR_M)
        middle = np.array([self.width / 2.0, self.height / 2.0])
        return seen[..., :2] * (self._focal / safe)[..., np.newaxis] + middle, depth

    def _ground(self, view: View) -> Picture:
        """The empty table and the wall behind it."""
        camera = np.array(
            [
                [self._focal, 0.0, self.width / 2.0],
                [0.0, self._focal, self.height / 2.0],
                [0.0, 0.0, 1.0],
            ]
        )
        onto_plane = np.column_stack(
            [view.rotation[:, 0], view.rotation[:, 1], -view.rotation @ view.place]
        )
        picture = self._wall.copy()
        cv2.warpPerspective(
            self._texture,
            camera @ onto_plane @ texture_to_table(),
            (self.width, self.height),
            dst=picture,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_TRANSPARENT,
        )
        self._hide_above_horizon(picture, view)
        return picture

    def _hide_above_horizon(self, picture: Picture, view: View) -> None:
        """Where a ray goes up, the plane's image is that of what lies behind the camera."""
        rows, columns = (0.0, float(self.height)), (0.0, float(self.width))
        corners = np.array([(x, y) for y in rows for x in columns])[[0, 1, 3, 2]]
        rays = np.column_stack(
            [
                (corners[:, 0] - self.width / 2.0) / self._focal,
                (corners[:, 1] - self.height / 2.0) / self._focal,
                np.ones(4),
            ]
        )
        polygon = _positive_part(corners, (rays @ view.rotation)[:, 2] + 0.02)
        if len(polygon) < 3:
            return
        mask = np.zeros(picture.shape[:2], dtype=np.uint8)
        cv2.fillConvexPoly(mask, np.rint(polygon).astype(np.int32), (255,))
        cv2.copyTo(self._wall, mask, picture)

    def _cast_shadows(self, picture: Picture, view: View, corners: Vector) -> None:
        """Darken the table under the cuboids, with soft edges."""
        ground = corners - corners[:, :, 2:] / _LIGHT[2] * _LIGHT
        pixels, depth = self._project(view, ground)
        small = np.zeros(
            (self.height // _SHADOW_SCALE + 1, self.width // _SHADOW_SCALE + 1), dtype=np.uint8
        )
        fixed = np.rint(
            np.clip(pixels, -4.0 * self.width, 4.0 * self.width)
            * ((1 << _FRACTION_BITS) / _SHADOW_SCALE)
        ).astype(np.int32)
        for outline, distances in zip(fixed, depth, strict=True):
            if distances.min() > _NEAR_M:
                hull = cv2.convexHull(outline)
                cv2.fillConvexPoly(small, hull, (255,), cv2.LINE_8, _FRACTION_BITS)
        x, y, width, height = cv2.boundingRect(small)
        if width == 0:
            return
        margin = 3
        left, top = max(x - margin, 0), max(y - margin, 0)
        soft = cv2.blur(small[top : y + height + margin, left : x + width + margin], (5, 5))
        light = 255 - cv2.convertScaleAbs(soft, alpha=1.0 - _SHADE)
        part = picture[
            top * _SHADOW_SCALE : (top + soft.shape[0]) * _SHADOW_SCALE,
            left * _SHADOW_SCALE : (left + soft.shape[1]) * _SHADOW_SCALE,
        ]
        size = (soft.shape[1] * _SHADOW_SCALE, soft.shape[0] * _SHADOW_SCALE)
        full = cv2.resize(light, size, interpolation=cv2.INTER_LINEAR)
        full = full[: part.shape[0], : part.shape[1]]
        cv2.multiply(part, cv2.cvtColor(full, cv2.COLOR_GRAY2BGR), dst=part, scale=1.0 / 255.0)

    def _fill(self, picture: Picture, view: View, solids: Solids, corners: Vector) -> None:
        """Paint the faces that look at the camera, the farthest cuboid first."""
        pixels, depth = self._project(view, corners)
        normals = solids.axes.transpose(0, 2, 1)[:, _FACE_AXES] * _FACE_SIDES[:, np.newaxis]
        facing = np.einsum("nfi,nfi->nf", normals, view.place - corners[:, _FACES[:, 0]]) > 0.0
        facing &= depth.min(axis=1)[:, np.newaxis] > _NEAR_M
        light = _AMBIENT + _DIFFUSE * np.maximum(normals @ _LIGHT, 0.0)
        colors = np.minimum(solids.colors[:, np.newaxis, :] * light[:, :, np.newaxis], 255.0)
        fixed = np.rint(np.clip(pixels, -8000.0, 8000.0) * (1 << _FRACTION_BITS)).astype(np.int32)
        shades = colors.tolist()
        nearness = np.argsort(-np.linalg.norm(solids.centres - view.place, axis=1), kind="stable")
        for solid in nearness.tolist():
            for face in np.flatnonzero(facing[solid]).tolist():
                cv2.fillConvexPoly(
                    picture,
                    fixed[solid, _FACES[face]],
                    shades[solid][face],
                    cv2.LINE_AA,
                    _FRACTION_BITS,
                )


def _wall(width: int, height: int) -> Picture:
    share = np.linspace(0.0, 1.0, height)[:, np.newaxis]
    rows = _WALL_TOP * (1.0 - share) + _WALL_LOW * share
    wall: Picture = np.repeat(rows[:, np.newaxis, :], width, axis=1).astype(np.uint8)
    return wall


def _positive_part(polygon: NDArray[np.float64], values: NDArray[np.float64]) -> Vector:
    """The part of a convex polygon where a linear function, given at its corners, is positive."""
    kept = []
    for index, (corner, value) in enumerate(zip(polygon, values, strict=True)):
        before, value_before = polygon[index - 1], values[index - 1]
        if (value > 0.0) != (value_before > 0.0):
            kept.append(before + (corner - before) * (value_before / (value_before - value)))
        if value > 0.0:
            kept.append(corner)
    return np.array(kept).reshape(-1, 2)
