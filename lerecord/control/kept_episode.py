"""The episode that is to be replayed: read, and refused where another rig recorded it."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from lerecord.control.replay import Recording
from lerecord.control.rig import Rig
from lerecord.control.setup import Setup, dataset_spec
from lerecord.dataset.format import follower_differences
from lerecord.dataset.read import TOLERANCE_S, load_rows
from lerecord.dataset.storage import Snapshot
from lerecord.errors import ConfigError, DatasetError


@dataclass(frozen=True, slots=True)
class KeptEpisode:
    """An episode of a dataset.

    Attributes:
        recording: what is done again.
        fps: frames a second.
        task: what was done.
    """

    recording: Recording
    fps: int
    task: str

    @classmethod
    def read(cls, setup: Setup, rig: Rig, index: int) -> Self:
        """An episode of the setup's dataset.

        Raises:
            LerecordError: it is not there or cannot be read, or this is not the rig that did it.
        """
        snapshot = Snapshot.of(setup.root)
        if different := follower_differences(dataset_spec(setup, rig), snapshot.spec()):
            raise DatasetError(
                f"This is not the rig that {setup.root} was recorded with: {'; '.join(different)}; "
                f"replay it on its own rig."
            )
        episodes = snapshot.episodes()
        if not 0 <= index < len(episodes):
            raise ConfigError(
                f"{setup.root} has no episode {index}; its {len(episodes)} episodes are counted "
                f"from 0."
            )
        rows = load_rows(snapshot.files, snapshot.info, [episodes[index]], TOLERANCE_S)
        recording = Recording(rows.columns["action"], rows.columns["observation.state"])
        if not (np.isfinite(recording.actions).all() and np.isfinite(recording.states).all()):
            raise DatasetError(
                f"Episode {index} of {setup.root} holds values that are no numbers: it cannot be "
                f"replayed."
            )
        return cls(recording, snapshot.info.fps, episodes[index].tasks[0])
