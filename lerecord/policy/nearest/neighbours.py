"""A policy without a network: it does what the nearest demonstrations did, mixed.

For an observation it looks for the phase at which a mix of a few demonstrations comes nearest to
what is seen and measured, and goes on as that mix does. A person who wants to know what a dataset
is worth gets an honest floor, and everybody a policy that needs no graphics card.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lerecord.dataset.format import IMAGE_PREFIX, layout
from lerecord.dataset.read import Dataset, stored_at
from lerecord.errors import DatasetError
from lerecord.policy.nearest.examples import PHASES, Examples, examples_of
from lerecord.policy.nearest.images import SMALL, chroma
from lerecord.policy.nearest.weights import Mix, locally_linear
from lerecord.policy.policy import CameraInput, Chunk, PolicyFeatures, PolicyInput, Vector

HORIZON = 50
_NEIGHBOURS = 12
_RIDGE = 0.02
_DONE = 0.95  # of the way


class NearestPolicy:
    """The policy `nearest:DIR`.

    Args:
        root: a dataset.
        episodes: which to learn from; None means all.
        kept_in: a folder in which the small images are kept for the next start; None for nowhere.

    Raises:
        DatasetError: there is no dataset, or it has no states, actions or episodes to learn from.
    """

    def __init__(
        self, root: Path, episodes: Sequence[int] | None = None, kept_in: Path | None = None
    ) -> None:
        dataset = Dataset(root, episodes=episodes)
        if not len(dataset):
            raise DatasetError(f"{root} has no episodes to learn from; record some first.")
        self.features = _features_of(dataset)
        """What the dataset's rig has."""
        task_of = dataset.rows.columns["task_index"][dataset.episode_data_index["from"]]
        self._examples = {
            dataset.numbered_tasks[int(task)]: examples_of(
                dataset, np.flatnonzero(task_of == task).tolist(), kept_in
            )
            for task in np.unique(task_of)
        }

    def infer(self, observation: PolicyInput) -> Chunk:
        """Go on as the demonstrations of this task do that look most like the observation.

        With demonstrations of one task only, that is the task, whatever it is called.
        """
        examples = self._of_task(observation.task)
        images = {name: chroma(each) for name, each in observation.images.items()}
        seen = examples.seen(observation.state, images)
        mixes = [
            locally_linear(*each, _NEIGHBOURS, _RIDGE)
            for each in zip(seen, examples.features, strict=True)
        ]
        misfits = [mix.misfit for mix in mixes]
        phase = _lowest(misfits)
        mix = mixes[int(np.argmin(misfits))]
        return Chunk(_actions(examples, mix, phase), done=phase >= _DONE)

    def reset(self) -> None:
        """Nothing is remembered."""

    def _of_task(self, task: str) -> Examples:
        if task in self._examples:
            return self._examples[task]
        if len(self._examples) == 1:
            return next(iter(self._examples.values()))
        known = ", ".join(f'"{each}"' for each in self._examples)
        raise DatasetError(f'The policy has not learned to "{task}"; it knows {known}.')


def _lowest(misfits: Sequence[float]) -> float:
    """The phase at which the misfit is lowest, on a parabola through the three lowest places."""
    place = int(np.argmin(misfits))
    shift = 0.0
    if 0 < place < PHASES - 1:
        before, here, after = misfits[place - 1 : place + 2]
        shift = 0.5 * (before - after) / max(before - 2.0 * here + after, 1e-12)
    return (place + shift) / (PHASES - 1)


def _actions(examples: Examples, mix: Mix, phase: float) -> Vector:
    chosen = [examples.demonstrations[each] for each in mix.neighbours]
    frames = float(np.median([len(each.phases) for each in chosen]))
    phases = np.minimum(phase + np.arange(HORIZON) / (frames - 1), 1.0)
    each_does = np.stack([each.actions_at(phases) for each in chosen])
    mixed: Vector = np.einsum("k,khd->hd", mix.weights, each_does).astype(np.float32)
    return mixed


def _features_of(dataset: Dataset) -> PolicyFeatures:
    joints = dataset.features.get("action", {}).get("names")
    if joints is None or "observation.state" not in dataset.features:
        raise DatasetError(
            f"{dataset.root} does not name its joints in `action`, or has no `observation.state`: "
            f"it cannot be learned from."
        )
    cameras = [key.removeprefix(IMAGE_PREFIX) for key in dataset.camera_keys]
    return PolicyFeatures(
        joints=tuple(joints),
        fps=dataset.fps,
        horizon=HORIZON,
        cameras=tuple(CameraInput(name, *SMALL) for name in cameras),
        units=_units_of(dataset.root),
    )


def _units_of(root: Path) -> str | None:
    """What lerecord keeps of the rig; datasets of others do not say their units."""
    stored = stored_at(root)
    return None if stored.meta[layout.HARDWARE] is None else stored.spec().units
