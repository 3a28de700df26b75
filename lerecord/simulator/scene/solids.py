"""What the cameras see of the arm and the box: shaded cuboids in space."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lerecord.simulator.rigs import GRIPPER, Chain, Pose, Vector, forward
from lerecord.simulator.scene.world import BOX_SIDE, GRIPPER_SPAN

Color = tuple[int, int, int]

_PRINTED: Color = (196, 120, 44)  # BGR, as are all
_PRINTED_DARK: Color = (150, 86, 30)
_SERVO: Color = (52, 48, 46)
_STEEL: Color = (150, 146, 142)
_PAD: Color = (40, 120, 235)
_CARDBOARD: Color = (96, 150, 196)
_TAPE: Color = (190, 222, 236)
_FINGER_HALF_THICKNESS = 0.004
_SIGNS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Solids:
    """Cuboids, N of them.

    Attributes:
        centres: (N, 3) metres.
        axes: (N, 3, 3) unit axes as columns.
        halves: (N, 3) half of the sides.
        colors: (N, 3) BGR.
    """

    centres: Vector
    axes: Vector
    halves: Vector
    colors: NDArray[np.float64]

    def corners(self) -> Vector:
        """(N, 8, 3) corners; their order is that of the bits x, y, z."""
        offsets = _SIGNS * self.halves[:, np.newaxis, :]
        corners: Vector = self.centres[:, np.newaxis, :] + offsets @ self.axes.transpose(0, 2, 1)
        return corners


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything that moves, at an instant.

    Attributes:
        follower: where its joints are.
        box_centre: (3,) metres.
        box_axes: (3, 3) unit axes as columns.
    """

    follower: Pose
    box_centre: Vector
    box_axes: Vector


# Name of the frame, place along its last axis, half sides (across, thick, along), color.
_ARM: tuple[tuple[str, float, tuple[float, float, float], Color], ...] = (
    ("base", 0.008, (0.048, 0.055, 0.008), _PRINTED_DARK),
    ("base", 0.036, (0.019, 0.026, 0.020), _SERVO),
    ("turret", 0.070, (0.030, 0.022, 0.012), _PRINTED),
    ("turret", 0.100, (0.016, 0.015, 0.018), _SERVO),
    ("upper", 0.030, (0.021, 0.011, 0.030), _PRINTED),
    ("upper", 0.082, (0.013, 0.009, 0.034), _PRINTED),
    ("upper", 0.133, (0.015, 0.013, 0.019), _SERVO),
    ("fore", 0.032, (0.019, 0.010, 0.030), _PRINTED),
    ("fore", 0.084, (0.012, 0.008, 0.032), _PRINTED),
    ("fore", 0.134, (0.014, 0.012, 0.017), _SERVO),
    ("hand", 0.018, (0.012, 0.012, 0.018), _SERVO),
    ("hand", 0.045, (0.022, 0.013, 0.012), _PRINTED),
    ("hand", 0.062, (0.056, 0.009, 0.006), _PRINTED_DARK),
)
_FINGERS = (
    (0.092, (_FINGER_HALF_THICKNESS, 0.010, 0.026), _STEEL),
    (0.132, (_FINGER_HALF_THICKNESS, 0.011, 0.015), _PAD),
)
_COLORS = np.array(
    [color for *_, color in _ARM]
    + [color for *_, color in _FINGERS for _ in range(2)]
    + [_CARDBOARD, _TAPE],
    dtype=np.float64,
)
_HALVES = np.array(
    [half for _, _, half, _ in _ARM]
    + [half for _, half, _ in _FINGERS for _ in range(2)]
    + [(BOX_SIDE / 2.0,) * 3, (BOX_SIDE * 0.09, BOX_SIDE / 2.0 + 4e-4, BOX_SIDE / 2.0 + 4e-4)]
)


def solids_of(scene: Scene) -> Solids:
    """The cuboids of the arm, then those of the box."""
    chain = forward(scene.follower)
    frames = _frames(chain)
    wrist, hand = frames["hand"]
    centres, axes = [], []
    for name, along, _, _ in _ARM:
        origin, rotation = frames[name]
        centres.append(origin + along * rotation[:, 2])
        axes.append(rotation)
    apart = scene.follower[GRIPPER] * GRIPPER_SPAN / 2.0 + _FINGER_HALF_THICKNESS
    for along, _, _ in _FINGERS:
        for side in (-1.0, 1.0):
            centres.append(wrist + along * hand[:, 2] + side * apart * hand[:, 0])
            axes.append(hand)
    centres += [scene.box_centre] * 2
    axes += [scene.box_axes] * 2
    return Solids(np.array(centres), np.array(axes), _HALVES, _COLORS)


def _frames(chain: Chain) -> dict[str, tuple[Vector, Vector]]:
    """Origin and axes (across, thick, along) of each part of the arm."""
    ground, up = np.zeros(3), np.array((0.0, 0.0, 1.0))
    plane = np.array(chain.plane)
    shoulder, elbow, wrist = (np.array(p) for p in (chain.shoulder, chain.elbow, chain.wrist))
    return {
        "base": (ground, np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])),
        "turret": (ground, np.stack([plane, np.cross(up, plane), up], axis=1)),
        "upper": (shoulder, _link(plane, shoulder, elbow)),
        "fore": (elbow, _link(plane, elbow, wrist)),
        "hand": (wrist, chain.hand()),
    }


def _link(plane: Vector, start: Vector, end: Vector) -> Vector:
    along = (end - start) / np.linalg.norm(end - start)
    return np.stack([plane, np.cross(along, plane), along], axis=1)
