"""How long a take is beside the others of its task."""

from collections.abc import Iterator

import numpy as np

from lerecord.dataset.format import Reason, Verdict
from lerecord.recording.review.limits import Limits
from lerecord.recording.review.summary import TakeSummary

_FEWEST = 3  # others, before a length is unusual


def of_length(take: TakeSummary, limits: Limits) -> Iterator[Reason]:
    """What speaks against a take in its length."""
    if len(take.lengths) < _FEWEST:
        return
    usual = float(np.median(take.lengths))
    kind = ""
    if len(take) * limits.length_factor < usual:
        kind = "short"
    elif len(take) > limits.length_factor * usual:
        kind = "long"
    if kind:
        yield Reason(
            kind,
            Verdict.LOOK,
            f"The take of {len(take) / take.fps:.1f} s is far {kind}er than the others of its "
            f"task, which take {usual / take.fps:.1f} s.",
        )
