from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord.control import Rig
from lerecord.control.pair import WatchedArm
from lerecord.errors import ConfigError
from tests.live import SETUP


class Still:
    """An arm that always answers."""

    def connect(self) -> None:
        pass

    def read(self) -> NDArray[np.float32]:
        return np.zeros(2, np.float32)


def test_a_loop_that_stood_still_does_not_blame_the_arm() -> None:
    arm = WatchedArm("main leader", cast("Any", Still()))
    arm.connect(now=10.0)
    assert arm.trouble(now=11.0, max_silence_s=1.0) is None
    assert arm.trouble(now=12.0, max_silence_s=1.0) == (
        "The main leader has not been read for 2.0 s, as lerecord itself stood still: bring it to "
        "the foreground (`fg`), and close what keeps this machine busy."
    )


def test_a_pair_without_a_leader_is_driven_by_what_needs_none() -> None:
    alone = {"main": SETUP.config.arms["main"].model_copy(update={"leader": None})}
    config = SETUP.config.model_copy(update={"arms": alone})
    calibrations = {"main": {"follower": SETUP.calibrations["main"]["follower"]}}
    rig = Rig(config, calibrations, leaders=False)
    assert list(rig.identity()["main"]) == ["follower"]
    with pytest.raises(ConfigError, match=r"^\[arms\.main\] in the hardware config has no leader"):
        Rig(config, calibrations)
