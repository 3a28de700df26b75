"""How the followers are let go: slowly back to where they were found, then torque off."""

import contextlib
from collections.abc import Sequence

from lerecord.control.pair import Pair
from lerecord.motors import BusError, ServoError
from lerecord.pacing import Clocks, Pacer

_PARKED_WITHIN = 0.5  # units
_PARK_LIMIT_S = 10.0
_RETURN_S, _RETURN_POLL_S = 2.0, 0.2
_SETTLE_S = 0.3  # for the follower to arrive where it was sent before torque goes off


def park(pairs: Sequence[Pair], step: float, fps: float, clocks: Clocks) -> None:
    """Bring the followers to where they were found, at most `step` units a tick in any joint."""
    _await_return(pairs, clocks)
    limit = _PARK_LIMIT_S * fps + max(pair.from_parked for pair in pairs) / step
    for tick in Pacer(fps, clocks.now, clocks.sleep):
        reached = [pair.park(step) for pair in pairs]
        parked = all(map(is_parked, pairs))
        if parked or not any(reached) or tick.index > limit:
            break
    clocks.sleep(_SETTLE_S)


def is_parked(pair: Pair) -> bool:
    """The follower was sent to where it was found."""
    return not pair.is_limp and pair.from_parked <= _PARKED_WITHIN


def _await_return(pairs: Sequence[Pair], clocks: Clocks) -> None:
    """Give followers that are gone a moment to come back: else they are left to hold."""
    until = clocks.now() + _RETURN_S
    while gone := [pair for pair in pairs if pair.follower.is_gone]:
        for pair in gone:
            pair.connect_again(pair.follower, clocks.now())
        if clocks.now() >= until:
            return
        clocks.sleep(_RETURN_POLL_S)


def release(pairs: Sequence[Pair]) -> list[str]:
    """Torque off and ports closed, arm by arm; one that is gone does not keep the others.

    Returns:
        The followers that could not be let go.
    """
    held = []
    for pair in pairs:
        try:
            pair.follower_driver.release()
        except ServoError:
            pass  # it was done, and the servo says what is wrong with it
        except BusError:
            if pair.holds:
                held.append(pair.follower.name)
        for arm in reversed(pair.arms):
            with contextlib.suppress(BusError):
                arm.driver.disconnect()
    return held
