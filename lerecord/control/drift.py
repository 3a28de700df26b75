"""Arms that stand alike and are not measured alike: what spoils a dataset and shows in no loss.

A servo's horn that slipped, or a joint that was calibrated in another pose, turns every pose of an
arm by some degrees; the follower still follows, only elsewhere. Two things tell it before the first
take: the leader against the follower, which hold the same pose as long as nobody drives, and the
follower against the pose in which the last session parked it. Grippers are not compared: a trigger
springs back, and a limp gripper stays anywhere.
"""

import os
import sys
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from lerecord.config import HardwareConfig, Units
from lerecord.control.pair import Pair
from lerecord.control.park_poses import ParkedArm, ParkPoses
from lerecord.printable import print_line

_GRIPPER = "gripper"


class DriftWatch:
    """Looks at the arms from their connection until they agree, or are to differ.

    Args:
        max_drift: how far a joint may be from where it should be, in units.
        units: of the config.
        poses: where followers were parked.
        accepted: whatever it is, it is so on purpose.

    Attributes:
        sentence: which joints differ, and what can be done; None when that does not matter.
    """

    def __init__(
        self, max_drift: float, units: Units, poses: ParkPoses, accepted: bool = False
    ) -> None:
        self._max_drift = max_drift
        self._units: Units = units
        self._poses = poses
        self._is_over = accepted
        self._moved: tuple[str, ...] = ()
        self.sentence: str | None = None

    @classmethod
    def of_user(cls, config: HardwareConfig, accepted: bool) -> "DriftWatch":
        """What a config asks for, with the poses that this user's sessions keep."""
        poses = ParkPoses.of_user(os.environ)
        return cls(config.safety.max_drift, config.units, poses, accepted)

    def begin(self, pairs: Iterable[Pair]) -> None:
        """The arms are connected, and stand as they were found.

        Raises:
            ConfigError: where a follower was parked cannot be read.
        """
        if self._is_over:
            return
        pairs = tuple(pairs)
        self._moved = tuple(self._since_parked(pairs))
        self.look(pairs)

    def look(self, pairs: Iterable[Pair]) -> None:
        """Compare again, as a leader may have been moved; once they agree, they are left alone."""
        if self._is_over:
            return
        self.sentence = next(iter((*self._from_leader(pairs), *self._moved)), None)
        self._is_over = self.sentence is None

    def accept(self) -> None:
        """It is so on purpose."""
        self._is_over = True
        self.sentence = None

    def keep(self, pairs: Iterable[Pair]) -> None:
        """The followers are parked; what could not be told from drift is not kept."""
        if not self._is_over:
            return
        for pair in filter(_is_told, pairs):
            try:
                self._poses.keep(self._arm(pair), pair.park_pose)
            except OSError as error:
                print_line(
                    f"Where the {pair.follower.name} was parked is not kept ({error.strerror}): "
                    f"the next session cannot tell whether it has drifted.",
                    sys.stderr,
                )

    def _from_leader(self, pairs: Iterable[Pair]) -> Iterator[str]:
        for pair in pairs:
            beyond = self._beyond(pair, pair.leader_pose)
            if pair.leader is not None and beyond:
                yield (
                    f"The {pair.leader.name} and the {pair.follower.name} are measured apart: "
                    f"{beyond} (max_drift in [safety] is {self._max_drift:g}). Bring the "
                    f"leader into the follower's pose; if they already stand alike, calibrate "
                    f"both again."
                )

    def _since_parked(self, pairs: Iterable[Pair]) -> Iterator[str]:
        for pair in filter(_is_told, pairs):
            parked = self._poses.kept(self._arm(pair))
            if parked is not None and (beyond := self._beyond(pair, parked)):
                yield (
                    f"The {pair.follower.name} is not where the last session parked it: {beyond} "
                    f"(max_drift in [safety] is {self._max_drift:g}). If nobody has moved "
                    f"it, look for a loose horn, and calibrate it again."
                )

    def _beyond(self, pair: Pair, pose: NDArray[np.float32]) -> str:
        """The joints of the follower that are too far from a pose; empty when none is."""
        unit = "degrees" if self._units == "degrees" else "units"
        apart = zip(pair.joints, np.abs(pair.follower.reading - pose).tolist(), strict=True)
        return ", ".join(
            f"{joint} by {each:.1f} {unit}"
            for joint, each in apart
            if joint != _GRIPPER and each > self._max_drift
        )

    def _arm(self, pair: Pair) -> ParkedArm:
        return ParkedArm(pair.name, self._units, pair.follower_driver.calibration)


def _is_told(pair: Pair) -> bool:
    """Its calibration tells the follower from others; that of a plug-in may not."""
    return tuple(pair.follower_driver.calibration) == pair.joints
