"""Tells people what became of a take as soon as it is committed."""

from collections.abc import Sequence
from pathlib import Path

from lerecord.counted import counted
from lerecord.dataset.format import Verdict, verdict_of
from lerecord.frame import Frame
from lerecord.recording.recorder import Recorder, Saved
from lerecord.recording.session.roles import Listener
from lerecord.recording.session.session import Session


def became(saved: Saved) -> str:
    """An episode that is committed, in a sentence."""
    flaws = [
        f"{count} {what}"
        for count, what in ((saved.missed, "missed"), (saved.repeated, "images repeated"))
        if count
    ]
    return (
        f"Episode {saved.episode} is saved: {counted(saved.rows, 'frame')}, {saved.seconds:.1f} s, "
        f"{', '.join(flaws) or 'none missed'}."
    )


def said_of(saved: Saved, root: Path) -> Sequence[str]:
    """What is remarked of it, a sentence each, and how much that weighs."""
    if saved.review is None:
        return saved.remarks
    told = [reason.said_of(root, saved.episode) for reason in saved.review]
    verdict = verdict_of(saved.review)
    return told if verdict is Verdict.KEEP else [f"{verdict.upper()}:", *told]


class Remarking:
    """A listener that tells another which episode a take has become."""

    def __init__(self, listener: Listener, recorder: Recorder) -> None:
        self._listener = listener
        self._recorder = recorder
        self._told = 0

    def tell(self, session: Session, frame: Frame) -> None:
        """Once an episode is committed, say so, and what was remarked of it."""
        fresh = self._recorder.episodes_saved[self._told :]
        self._told += len(fresh)
        for saved in fresh:
            self._listener.notice(" ".join((became(saved), *said_of(saved, self._recorder.root))))

    def notice(self, sentence: str) -> None:
        """What others have to say changes no remark."""
