"""What a session needs that only drives: takes that cannot be begun, and an end."""

from collections.abc import Callable, Sequence
from typing import NoReturn

from lerecord.dataset.staging import Take
from lerecord.recording.recorder import CameraView, Recorder, Saved
from lerecord.recording.session.phases import Command, Phase


class NoTakes:
    """Takes of which none can be begun.

    Args:
        why: a sentence for whoever tries.
    """

    next_episode = free_bytes = None
    saving = 0
    episodes_saved: Sequence[Saved] = ()

    def __init__(self, why: str) -> None:
        self._why = why

    def obstacle(self) -> str:
        """Why no take can be begun."""
        return self._why

    def views(self) -> tuple[CameraView, ...]:
        """No camera is watched."""
        return ()

    def begin(self, task: str, replaces: int | None) -> NoReturn:
        """Never asked for: there is always an obstacle."""
        raise AssertionError(self._why)

    def save(self, take: Take) -> NoReturn:
        """Never asked for: there is no take."""
        raise AssertionError(self._why)

    discard = leave = save

    def judge(self, success: bool) -> NoReturn:
        """Never asked for: no take was saved."""
        raise AssertionError(self._why)

    def trouble(self) -> str | None:
        """What records nothing has no trouble."""
        return None

    def recover(self) -> None:
        """What records nothing has no trouble."""


class Unrecorded(NoTakes):
    """The cameras of a recorder that records nothing, for a policy that looks through them."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__("Nothing is recorded; leave out --no-record.")
        self._recorder = recorder

    def views(self) -> tuple[CameraView, ...]:
        """How each camera does."""
        return self._recorder.views()

    def trouble(self) -> str | None:
        """Which camera gives no images, in a sentence; None when all do."""
        return self._recorder.trouble()

    def recover(self) -> None:
        """Start the process of a camera again that has died."""
        self._recorder.recover()


class Until:
    """An operator that ends the session once a condition holds."""

    def __init__(self, is_over: Callable[[], bool]) -> None:
        self._is_over = is_over

    def poll(self) -> Command | None:
        """QUIT from then on."""
        return Command.QUIT if self._is_over() else None

    def enter(self, phase: Phase) -> None:
        """The condition does not depend on the phase."""
