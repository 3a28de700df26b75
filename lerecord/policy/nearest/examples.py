"""The demonstrations of one task, laid over each other in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import IMAGE_PREFIX
from lerecord.dataset.read import Dataset
from lerecord.policy.nearest.gaps import bridged
from lerecord.policy.nearest.images import Chroma, chroma, unusual
from lerecord.policy.nearest.kept_images import KeptImages
from lerecord.policy.nearest.phases import phases_of
from lerecord.policy.policy import Vector

PHASES = 26
"""How many phases are told apart; between two, actions are interpolated."""

_EVEN = np.linspace(0.0, 1.0, PHASES)


@dataclass(frozen=True, slots=True, eq=False)
class Demonstration:
    """One episode of N frames, D joints.

    Attributes:
        states, actions: (N, D).
        phases: (N,) from 0 to 1, rising.
    """

    states: Vector
    actions: Vector
    phases: NDArray[np.float64]

    def actions_at(self, phases: NDArray[np.float64]) -> Vector:
        """(H, D) actions at (H,) phases."""
        return _interpolated(self.phases, self.actions, phases)

    def states_at(self, phases: NDArray[np.float64]) -> Vector:
        """(H, D) states at (H,) phases."""
        return _interpolated(self.phases, self.states, phases)


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """E demonstrations at PHASES phases.

    Attributes:
        demonstrations: the episodes.
        usual: camera to (PHASES, 48, 64, 2), the mean image at each phase.
        image_scale: camera to what its numbers are multiplied with.
        state_scale: (D,) what states are multiplied with.
        features: (PHASES, E, C) what was seen and measured, so scaled.
    """

    demonstrations: Sequence[Demonstration]
    usual: Mapping[str, Chroma]
    image_scale: Mapping[str, float]
    state_scale: Vector
    features: Vector

    def seen(self, state: Vector, images: Mapping[str, Chroma]) -> Vector:
        """(PHASES, C): an observation as each phase would see it, to compare with `features`."""
        parts = [
            np.stack([unusual(images[name], each) for each in usual]) * self.image_scale[name]
            for name, usual in self.usual.items()
        ]
        joints = np.tile(state * self.state_scale, (PHASES, 1))
        return np.concatenate([*parts, joints], axis=1).astype(np.float32)


def examples_of(dataset: Dataset, episodes: Sequence[int], kept_in: Path | None = None) -> Examples:
    """Learn from the episodes at these places of the dataset; reading their images takes time.

    Args:
        dataset: the demonstrations.
        episodes: of one task.
        kept_in: a folder in which the images are kept for the next time; None for nowhere.

    Raises:
        DatasetError: images cannot be read.
    """
    index, columns = dataset.episode_data_index, dataset.rows.columns
    rows = [slice(index["from"][each], index["to"][each]) for each in episodes]
    demonstrations = demonstrations_of(
        [columns["observation.state"][each] for each in rows],
        [columns["action"][each] for each in rows],
    )
    frames = {
        place: nearest_frames(each.phases)
        for place, each in zip(episodes, demonstrations, strict=True)
    }
    return learned(demonstrations, _images(dataset, frames, kept_in))


def demonstrations_of(
    states: Sequence[Vector], actions: Sequence[Vector]
) -> Sequence[Demonstration]:
    """Lay episodes, (N, D) states and actions of each, over each other in time."""
    whole = [bridged(*each) for each in zip(states, actions, strict=True)]
    phases = phases_of([moved for moved, _ in whole])
    return [Demonstration(*each, own) for each, own in zip(whole, phases, strict=True)]


def learned(
    demonstrations: Sequence[Demonstration], images: Mapping[str, NDArray[np.uint8]]
) -> Examples:
    """What demonstrations and their images teach.

    Args:
        demonstrations: E of them.
        images: camera to (PHASES, E, 48, 64, 2), the chroma of each at each phase.
    """
    usual = {name: each.mean(axis=1, dtype=np.float32) for name, each in images.items()}
    numbers = {name: _unusual(each, usual[name]) for name, each in images.items()}
    image_scale = {name: _one_over_spread(each) for name, each in numbers.items()}
    states = np.stack([each.states_at(_EVEN) for each in demonstrations], axis=1)
    spread = states.reshape(-1, states.shape[2]).std(axis=0) + 1e-6
    state_scale = (1.0 / spread / np.sqrt(len(spread))).astype(np.float32)
    seen = [numbers[name] * image_scale[name] for name in images]
    features = np.concatenate([*seen, states * state_scale], axis=2).astype(np.float32)
    return Examples(demonstrations, usual, image_scale, state_scale, features)


def nearest_frames(phases: NDArray[np.float64]) -> NDArray[np.int64]:
    """(PHASES,) the frames of an episode, by the phase of each, that stand for the phases."""
    nearest: NDArray[np.int64] = np.abs(phases[:, None] - _EVEN).argmin(axis=0)
    return nearest


def _images(
    dataset: Dataset, frames: Mapping[int, NDArray[np.int64]], kept_in: Path | None
) -> dict[str, NDArray[np.uint8]]:
    kept = None if kept_in is None else KeptImages.of(kept_in, dataset, frames)
    found = None if kept is None else kept.load(dataset.camera_keys)
    if found is None:
        found = _decoded(dataset, frames)
        if kept is not None:
            kept.store(found)
    return {key.removeprefix(IMAGE_PREFIX): each for key, each in found.items()}


def _decoded(
    dataset: Dataset, frames: Mapping[int, NDArray[np.int64]]
) -> dict[str, NDArray[np.uint8]]:
    images: dict[str, list[NDArray[np.uint8]]] = {key: [] for key in dataset.camera_keys}
    for place, numbers in frames.items():
        batch = dataset.gather(dataset.episode_data_index["from"][place] + numbers)
        for key, taken in images.items():
            taken.append(np.stack([chroma(image) for image in batch[key]]))
    return {key: np.stack(taken, axis=1) for key, taken in images.items()}


def _unusual(images: NDArray[np.uint8], usual: Chroma) -> Vector:
    """(PHASES, E, P) numbers of (PHASES, E, 48, 64, 2) images."""
    return np.stack(
        [
            np.stack([unusual(image, mean) for image in at_phase])
            for at_phase, mean in zip(images, usual, strict=True)
        ]
    )


def _one_over_spread(numbers: Vector) -> float:
    """What makes the mean squared distance of two episodes at the same phase 1."""
    spread = float(np.sqrt(2.0 * numbers.var(axis=1).sum(axis=1).mean()))
    return 1.0 / max(spread, 1e-6)


def _interpolated(own: NDArray[np.float64], values: Vector, at: NDArray[np.float64]) -> Vector:
    return np.stack([np.interp(at, own, each) for each in values.T], axis=1).astype(np.float32)
