"""Where the followers of this computer were parked last, kept from one session to the next.

A file an arm, below the user's state folder: an arm goes from dataset to dataset, and what becomes
of it between two sessions is no dataset's. An arm is told by its pair and its calibration, so that
one that was calibrated anew has nothing to be compared with.
"""

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lerecord.config import Units
from lerecord.errors import ConfigError
from lerecord.user_folders import NO_HOME, state_folder


@dataclass(frozen=True, slots=True)
class ParkedArm:
    """Whose pose it is.

    Attributes:
        pair: of the follower.
        units: of the pose.
        calibration: of the follower, as its file has it.
    """

    pair: str
    units: Units
    calibration: Mapping[str, Mapping[str, int]]

    @property
    def file_name(self) -> str:
        """Another one for each arm."""
        told = json.dumps([self.pair, self.units, self.calibration], sort_keys=True)
        return f"{self.pair}-{hashlib.sha256(told.encode()).hexdigest()[:16]}.json"


class ParkPoses:
    """The poses in a folder.

    Args:
        folder: that need not be there; None where nothing can be kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @classmethod
    def of_user(cls, environ: Mapping[str, str]) -> "ParkPoses":
        """Those in the state folder of this user."""
        folder = state_folder(environ)
        return cls(None if folder is None else folder / "park_poses")

    def kept(self, arm: ParkedArm) -> NDArray[np.float32] | None:
        """Where it was parked (D,); None when that is not known.

        Raises:
            ConfigError: its file cannot be read.
        """
        if self._folder is None:
            return None
        path = self._folder / arm.file_name
        try:
            pose = json.loads(path.read_text(encoding="utf-8"))
            return np.array([float(pose[joint]) for joint in arm.calibration], np.float32)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ConfigError(
                f"Where the {arm.pair} follower was parked cannot be read from {path}: remove "
                f"that file."
            ) from error

    def keep(self, arm: ParkedArm, pose: NDArray[np.float32]) -> None:
        """From now on that is where it was parked: its file is whole at any moment.

        Raises:
            OSError: it cannot be written.
        """
        if self._folder is None:
            raise FileNotFoundError(errno.ENOENT, NO_HOME)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / arm.file_name
        partial = path.with_suffix(f".{os.getpid()}")
        with partial.open("w", encoding="utf-8") as file:
            file.write(json.dumps(dict(zip(arm.calibration, pose.tolist(), strict=True))) + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
