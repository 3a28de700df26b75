"""How the loop and the buses did: slots missed, reads that failed, faults on the wire."""

from collections.abc import Iterator

from lerecord.dataset.format import Reason, Verdict
from lerecord.recording.review.limits import Limits
from lerecord.recording.review.summary import TakeSummary


def of_loop(take: TakeSummary, limits: Limits) -> Iterator[Reason]:
    """What speaks against a take in its times and its reads."""
    frames = len(take)
    unmeasured = int((~take.frames.measured).sum())
    if unmeasured > limits.max_bus_faults * frames:
        verdict = Verdict.REDO if unmeasured > limits.redo_missed * frames else Verdict.LOOK
        yield Reason(
            "unmeasured",
            verdict,
            f"The state could not be read in {unmeasured} of {frames} frames, which repeat the "
            f"one before: check the cables of the arms.",
        )
    faults = {name: int((each > 0).sum()) for name, each in take.frames.faults.items()}
    name, count = max(faults.items(), key=lambda each: each[1], default=("", 0))
    if count > limits.max_bus_faults * frames:
        yield Reason(
            "bus_faults",
            Verdict.LOOK,
            f"The bus had {name.replace('_', ' ')} in {count} of {frames} frames: check the "
            f"cables of the arms and their power.",
        )
