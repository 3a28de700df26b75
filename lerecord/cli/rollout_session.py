"""What `lerecord rollout` does: a recording in which a policy drives."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lerecord.cli.record_options import RecordOptions
from lerecord.cli.recording_session import record
from lerecord.cli.session_parts import waiting_for
from lerecord.cli.who_drives import Driven, Opened, WhoDrives
from lerecord.dataset.format import task_of
from lerecord.errors import ConfigError
from lerecord.policy import (
    CameraInput,
    Connection,
    PolicyFeatures,
    PolicyFigures,
    PolicySource,
    QueueSettings,
    Safety,
    Telling,
    Turn,
    Turns,
    misfits,
)
from lerecord.policy.client import PolicyCamera, RemotePolicy
from lerecord.recording.session import Command, Operator, Phase
from lerecord.simulation_client import Script, SimulatedRig
from lerecord.ui.terminal import ROLLOUT_DRIVING_KEYS, ROLLOUT_KEYS

Connect = Callable[["RolloutOptions", Opened], AbstractContextManager[Connection]]
"""Reaches the policy of the options; the images are in the recorder's mailboxes."""


@dataclass(frozen=True, slots=True)
class RolloutOptions:
    """What the command line was given.

    Attributes:
        policy: where it is, such as ws://localhost:8000 or nearest:DIR.
        recording: what `lerecord record` is given, too.
        stop_and_go: the follower holds while the policy thinks.
        renamed: camera of the rig to what the policy calls it.
        token: with which a server is asked.
        records: each rollout becomes an episode; else the policy only drives.
        corrects: a person can take over; the leaders are connected.
        correct_after_s, correct_for_s: when the simulated person takes over, and for how long.
    """

    policy: str
    recording: RecordOptions
    stop_and_go: bool = False
    renamed: dict[str, str] = field(default_factory=dict)
    token: str | None = None
    records: bool = True
    corrects: bool = True
    correct_after_s: float | None = None
    correct_for_s: float | None = None


def renamed(given: Sequence[str]) -> dict[str, str]:
    """Camera of the rig to what the policy calls it, from CAMERA=NAME.

    Raises:
        ConfigError: it is not of that form.
    """
    pairs = [each.partition("=") for each in given]
    for camera, equals, name in pairs:
        if not (camera and equals and name):
            raise ConfigError(
                f"--rename takes CAMERA=NAME, such as front=top, not {camera + equals + name!r}."
            )
    return {camera: name for camera, _, name in pairs}


def roll_out(options: RolloutOptions, connect: Connect) -> int:
    """Let the policy drive until the plan is fulfilled or the operator quits; the exit status.

    Raises:
        LerecordError: something cannot be used as asked; nothing that was recorded is lost.
    """
    return record(
        options.recording,
        who=WhoDrives(
            cast=lambda opened: _cast(options, opened, connect),
            keys=ROLLOUT_KEYS if options.records else ROLLOUT_DRIVING_KEYS,
            catching_up="The rollout starts as soon as the follower is where the policy wants it.",
            leaders=options.corrects,
            rollouts=True,
            script=Script.ROLLOUT,
            records=options.records,
        ),
    )


@contextmanager
def connected_policy(options: RolloutOptions, opened: Opened) -> Iterator[Connection]:
    """The policy of the options, in a process of its own.

    Raises:
        LerecordError: it cannot be reached.
    """
    cameras = [
        PolicyCamera(options.renamed.get(name, name), mailbox, opened.config.cameras[name].rotation)
        for name, mailbox in opened.recorder.mailboxes.items()
    ]
    task = task_of(options.recording.task or "")
    rig = described(opened, options.renamed)
    with RemotePolicy(options.policy, task, cameras, options.token, rig) as policy:
        with waiting_for("the policy"):
            policy.wait_until_ready(meanwhile=opened.recorder.trouble)
        yield policy


def described(opened: Opened, renamed: Mapping[str, str]) -> PolicyFeatures:
    """What the rig has, for servers that must be told, under the policy's names of the cameras."""
    cameras = [
        CameraInput(renamed.get(name, name), *camera.recorded_size)
        for name, camera in opened.config.cameras.items()
    ]
    config = opened.config
    return PolicyFeatures(opened.rig.joints, config.fps, 1, tuple(cameras), config.units)


def _cast(options: RolloutOptions, opened: Opened, connect: Connect) -> Driven:
    rig, config = opened.rig, opened.config
    link = opened.stack.enter_context(connect(options, opened))
    if wrong := misfits(link.features, rig.joints, config, options.renamed):
        raise ConfigError(f"The policy {options.policy} does not fit this rig: {' '.join(wrong)}")
    bounds, grippers = rig.bounds, rig.grippers
    step = np.full(len(rig.joints), bounds.max_step, np.float32)
    settings = QueueSettings(1 / config.fps, step, grippers, stop_and_go=options.stop_and_go)
    policy = PolicySource(link, settings)
    telling = Telling(opened.listeners, policy, rig.joints)
    opened.listeners.add(telling)
    person = _Person(opened.simulated)

    def changed(turn: Turn) -> None:
        telling.turned(turn)
        person.turned(turn)

    safety = Safety(bounds, rig.reachable, grippers)
    turns = Turns(policy, safety, options.corrects, changed)
    operators: tuple[Operator, ...] = (turns,)
    if options.correct_after_s is not None:
        operators += (TakesOver(turns, options.correct_after_s, options.correct_for_s),)
    return Driven(turns, operators, figures=lambda: PolicyFigures.of(policy))


class _Person:
    """The simulated person at the leader, who learns whose turn it is."""

    def __init__(self, simulated: SimulatedRig | None) -> None:
        self._simulated = simulated
        self._moves = False

    def turned(self, turn: Turn) -> None:
        if self._simulated is None:
            return
        if turn is Turn.ALIGN:
            self._moves = True
            self._simulated.correct()
        elif turn is not Turn.PERSON and self._moves:
            self._moves = False
            if turn is not Turn.BETWEEN:
                self._simulated.watch()


class HasTurn(Protocol):
    """Whoever knows whose turn it is."""

    turn: Turn


class TakesOver:
    """An operator that takes over in every rollout, as a person would, and gives back.

    Args:
        turns: knows who drives.
        after_s: of the rollout, it takes over.
        for_s: after which the person gives back; None: never.
        now: monotonic seconds.
    """

    def __init__(
        self,
        turns: HasTurn,
        after_s: float,
        for_s: float | None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._turns = turns
        self._after_s = after_s
        self._for_s = for_s
        self._now = now
        self._since: float | None = None
        self._phase: Phase | None = None
        self._did: list[Command] = []

    def poll(self) -> Command | None:
        """TAKE_OVER when it is time, and RESUME."""
        if self._phase is not Phase.RECORDING or self._since is None:
            return None
        passed_s = self._now() - self._since
        if not self._did and passed_s >= self._after_s:
            return self._do(Command.TAKE_OVER)
        if len(self._did) == 1:
            if self._turns.turn is not Turn.PERSON:
                self._since = self._now()
            elif self._for_s is not None and passed_s >= self._for_s:
                return self._do(Command.RESUME)
        return None

    def enter(self, phase: Phase) -> None:
        """The time of a rollout counts from its beginning."""
        self._phase, self._since = phase, self._now()
        if phase is Phase.RECORDING:
            self._did = []

    def _do(self, command: Command) -> Command:
        self._did.append(command)
        return command
