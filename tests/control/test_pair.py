from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from lerecord.control.pair import WatchedArm


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
