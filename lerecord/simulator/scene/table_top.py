"""The table seen from above, as a texture: wood, a mat, the target square."""

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.simulator.scene.world import TARGET, TARGET_SIDE

PIXELS_PER_METRE = 1400.0
LEFT_M, NEAR_M = 0.62, -0.38  # texture (0, 0) is y = LEFT_M, x = NEAR_M
_SIZE_M = (1.24, 1.10)  # in y, in x
_WOOD = np.array((138.0, 172.0, 200.0))
_LINE = (96, 128, 152)
_TAPE = (172, 96, 38)
_INSIDE = (206, 190, 172)

Picture = NDArray[np.uint8]


def table_texture(seed: int) -> Picture:
    """The table top, (H, W, 3) uint8 BGR; rows go along x, columns along -y."""
    height, width = (round(side * PIXELS_PER_METRE) for side in (_SIZE_M[1], _SIZE_M[0]))
    random = np.random.default_rng(seed)
    picture = np.clip(_WOOD + _grain(random, height, width)[:, :, np.newaxis], 0, 255)
    texture: Picture = picture.astype(np.uint8)
    for column in range(0, width, width // 6):
        cv2.line(texture, (column, 0), (column, height), _LINE, 2, cv2.LINE_AA)
    _square(texture, TARGET_SIDE / 2.0, _TAPE)
    _square(texture, TARGET_SIDE / 2.0 - 0.007, _INSIDE)
    return texture


def texture_to_table() -> NDArray[np.float64]:
    """(3, 3) homography from texture pixels to table metres (x, y)."""
    step = 1.0 / PIXELS_PER_METRE
    return np.array([[0.0, step, NEAR_M], [-step, 0.0, LEFT_M], [0.0, 0.0, 1.0]])


def _grain(random: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """Streaks along x, each plank with its own brightness."""
    coarse = random.normal(0.0, 1.0, (height // 90, width // 5)).astype(np.float32)
    fine = random.normal(0.0, 1.0, (height // 16, width // 2)).astype(np.float32)
    planks = np.repeat(random.normal(0.0, 6.0, 7), width // 6 + 1)[:width].astype(np.float32)
    size = (width, height)
    return (
        9.0 * cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
        + 4.0 * cv2.resize(fine, size, interpolation=cv2.INTER_LINEAR)
        + planks
    ).astype(np.float32)


def _square(texture: Picture, half: float, color: tuple[int, int, int]) -> None:
    x, y = TARGET
    corner = [round((LEFT_M - y - half) * PIXELS_PER_METRE)]
    corner.append(round((x - half - NEAR_M) * PIXELS_PER_METRE))
    side = round(2.0 * half * PIXELS_PER_METRE)
    cv2.rectangle(
        texture, (corner[0], corner[1]), (corner[0] + side, corner[1] + side), color, cv2.FILLED
    )
