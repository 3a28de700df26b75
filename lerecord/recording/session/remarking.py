"""Tells people what is worth knowing of an episode as soon as it is committed."""

from lerecord.frame import Frame
from lerecord.recording.recorder import Recorder
from lerecord.recording.session.roles import Listener
from lerecord.recording.session.session import Session


class Remarking:
    """A listener that tells another what was remarked of a take."""

    def __init__(self, listener: Listener, recorder: Recorder) -> None:
        self._listener = listener
        self._recorder = recorder
        self._told = 0

    def tell(self, session: Session, frame: Frame) -> None:
        """Once an episode is committed, say what was remarked of it."""
        fresh = self._recorder.episodes_saved[self._told :]
        self._told += len(fresh)
        for saved in fresh:
            if saved.remarks:
                self._listener.notice(f"Episode {saved.episode}: {' '.join(saved.remarks)}")

    def notice(self, sentence: str) -> None:
        """What others have to say changes no remark."""
