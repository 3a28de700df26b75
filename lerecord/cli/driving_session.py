"""A session that only drives: the loop of a recording, its screen and its safety, no dataset."""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lerecord.cli.session_parts import (
    be_on_time,
    connected,
    shown_by,
    started_screen,
    tell_still_held,
)
from lerecord.config import HardwareConfig
from lerecord.control import ActionSource, Handover, Rig
from lerecord.errors import LerecordError
from lerecord.pacing import Pacer
from lerecord.recording.session import (
    FanOut,
    NoTakes,
    Operator,
    Phase,
    Plan,
    Session,
    Until,
    Wanted,
)
from lerecord.ui.terminal import (
    DRIVING_KEYS,
    Lines,
    Scene,
    Signals,
    is_attended,
    keyboard,
    never_waiting,
)


@dataclass(frozen=True, slots=True)
class Drive:
    """Who drives, and until when.

    Attributes:
        source: who drives.
        what: that is, for the screen.
        refusal: a sentence for whoever wants to start a take.
        is_over: ends the session.
        root: the dataset that it comes from.
        sound: ring the terminal's bell.
    """

    source: ActionSource
    what: str
    refusal: str
    is_over: Callable[[], bool]
    root: Path | None = None
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Driven:
    """What came of it.

    Attributes:
        seconds: from the first tick until the arms were let go.
        still_held: followers that could not be let go.
        signal: that ended it; None for none.
    """

    seconds: float
    still_held: tuple[str, ...]
    signal: signal.Signals | None

    @property
    def status(self) -> int:
        """The exit status of the command."""
        return 0 if self.signal is None else 128 + self.signal


def drive(job: Drive, rig: Rig, config: HardwareConfig) -> Driven:
    """Drive until it is over or somebody ends it, park, and let go.

    Raises:
        LerecordError: an arm cannot be connected, or failed with nobody at the keys.
    """
    with never_waiting():
        failure, driven = _driven(job, rig, config)
    if failure is not None:
        raise LerecordError(failure)
    return driven


def _driven(job: Drive, rig: Rig, config: HardwareConfig) -> tuple[str | None, Driven]:
    attended = is_attended()
    takes, signals = NoTakes(job.refusal), Signals()
    with ExitStack() as stack:
        screen = started_screen(attended, stack, job.sound)
        stack.enter_context(signals).listen()
        be_on_time()
        shown = FanOut()
        shown.add(
            shown_by(screen, Scene(job.root, config, rig.joints), takes, attended),
            substitute=lambda: Lines(takes, attended),
        )
        operators: list[Operator] = [signals]
        if attended:
            operators.append(stack.enter_context(keyboard(DRIVING_KEYS)))
        operators.append(Until(job.is_over))
        plan = Plan((Wanted(job.what),), attended=attended, between=Phase.DRIVING)
        source = Handover(job.source, rig.bounds, rig.reachable)
        session = Session(rig, source, takes, plan, operators, shown)
        with connected(rig):  # innermost: the arm parks before anything else is waited for
            began = time.monotonic()
            session.run(Pacer(config.fps))
    seconds = time.monotonic() - began
    tell_still_held(rig.still_held)
    return session.failure, Driven(seconds, tuple(rig.still_held), signals.received)
