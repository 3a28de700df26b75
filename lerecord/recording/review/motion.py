"""What the joints did: nothing, too little, not what was asked, or too much at once."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lerecord.control import Driver
from lerecord.dataset.format import Reason, Verdict
from lerecord.recording.review.limits import Limits
from lerecord.recording.review.summary import TakeSummary

_ASKED = 10.0  # times the least motion: a joint that was asked for that much should have moved
_SATURATED_S = 1.0
_OFF = 3.0  # times the least motion that a request is beyond what is sent
_MARGIN_S = 0.5  # of an idle head or tail, which a trim leaves


def of_motion(take: TakeSummary, limits: Limits) -> Iterator[Reason]:
    """What speaks against a take in what its joints did."""
    state = take.frames.state
    if float(np.ptp(state, axis=0).max()) < limits.min_motion:
        yield Reason("idle", Verdict.REDO, "Nothing moved: no joint left its place.")
        return
    yield from _idle(take, limits)
    for joint, name in enumerate(take.joints):
        yield from _of_joint(take, joint, name.removesuffix(".pos"), limits)
    steps = np.abs(np.diff(state, axis=0))
    steps[take.frames.missed[:-1] | ~take.frames.measured[:-1]] = 0  # the next one makes up for it
    if steps.size and float(steps.max()) > limits.max_jump:
        frame, place = divmod(int(steps.argmax()), steps.shape[1])
        name = take.joints[place].removesuffix(".pos")
        yield Reason(
            "jump",
            Verdict.REDO,
            f"{name} jumps by {steps.max():.0f} from frame {frame} to the next: a reading is "
            f"wrong, or the arm was struck.",
        )


def _idle(take: TakeSummary, limits: Limits) -> Iterator[Reason]:
    state, fps, frames = take.frames.state, take.fps, len(take)
    from_start = np.abs(state - state[0]).max(axis=1) > limits.min_motion
    from_end = np.abs(state - state[-1]).max(axis=1) > limits.min_motion
    head_s = int(np.argmax(from_start)) / fps
    tail_s = int(np.argmax(from_end[::-1])) / fps
    if head_s > limits.max_idle_s:
        said = f"Nothing moves in the first {head_s:.1f} s."
        yield Reason("idle_head", Verdict.LOOK, said, f"--start {head_s - _MARGIN_S:.1f}")
    if tail_s > limits.max_idle_s:
        end_s = frames / fps - tail_s + _MARGIN_S
        said = f"Nothing moves in the last {tail_s:.1f} s."
        yield Reason("idle_tail", Verdict.LOOK, said, f"--end {end_s:.1f}")


def _of_joint(take: TakeSummary, joint: int, name: str, limits: Limits) -> Iterator[Reason]:
    state, action = take.frames.state[:, joint], take.frames.action[:, joint]
    requested = take.frames.requested[:, joint]
    asked, moved = float(np.ptp(action)), float(np.ptp(state))
    if asked > _ASKED * limits.min_motion and moved < limits.min_motion:
        yield Reason(
            "dead_joint",
            Verdict.REDO,
            f"{name} did not move, though it was sent over a range of {asked:.0f}: check its "
            f"servo and its torque.",
        )
        return
    beyond = np.abs(requested - action) > _OFF * limits.min_motion
    still = np.abs(np.diff(action, prepend=action[:1])) < 1e-3 * limits.min_motion
    driven = take.frames.source != Driver.NOBODY  # who takes over asks for nothing yet
    if (longest := _longest(beyond & still & driven)) > _SATURATED_S * take.fps:
        yield Reason(
            "saturated_joint",
            Verdict.LOOK,
            f"{name} stood at its limit for {longest / take.fps:.1f} s while more was asked for: "
            f"check its limits and its calibration.",
        )
    if name.endswith("gripper"):
        return  # what it holds keeps it from where it is sent
    error = float(np.median(np.abs(action - state)))
    if error > limits.max_tracking_error:
        yield Reason(
            "tracking",
            Verdict.REDO if error > 2 * limits.max_tracking_error else Verdict.LOOK,
            f"{name} was {error:.0f} away from where it was sent in half of the frames: check "
            f"its servo, its load and its calibration.",
        )


def _longest(true: NDArray[np.bool_]) -> int:
    """Length of the longest run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], true, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
