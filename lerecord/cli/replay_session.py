"""What `lerecord replay` does, and what it says of it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lerecord.cli.driving_session import Drive, drive
from lerecord.cli.output import Output
from lerecord.cli.session_parts import reached
from lerecord.control import KeptEpisode, Replay, Rig, Setup
from lerecord.counted import counted
from lerecord.ui.terminal import is_attended, never_stopped_by_it


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What the command line was given."""

    dataset: Path
    episode: int
    speed: float = 1.0
    hardware: str | None = None
    seed: int | None = None
    write_calibration: bool = False
    trust_rig: bool = False
    as_json: bool = False
    sound: bool = True


@dataclass(frozen=True, slots=True)
class JointError:
    """Units between where a joint was and where the episode brought it."""

    joint: str
    max: float
    mean: float


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    Attributes:
        dataset, episode: what was replayed.
        frames: how many there are.
        reached: the frame that was asked for last, counted from 1; 0 when none was reached.
        joints: how well; none when no frame was reached.
        box_on_target: of a simulated rig with a seed.
    """

    dataset: str
    episode: int
    frames: int
    reached: int
    joints: tuple[JointError, ...]
    box_on_target: bool | None

    @classmethod
    def of(
        cls, options: ReplayOptions, source: Replay, joints: tuple[str, ...], box: bool | None
    ) -> Self:
        """What a source that has driven has done."""
        errors = source.errors
        told = zip(joints, errors.T, strict=True) if len(errors) else ()
        return cls(
            dataset=str(options.dataset),
            episode=options.episode,
            frames=source.frames,
            reached=source.reached,
            joints=tuple(
                JointError(name, round(float(each.max()), 3), round(float(each.mean()), 3))
                for name, each in told
            ),
            box_on_target=box,
        )

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"Episode {self.episode}: {self.reached} of {counted(self.frames, 'frame')} replayed."
        if self.joints:
            width = max(len(each.joint) for each in self.joints)
            yield f"{'units from recorded':{width}}  {'max':>6}  {'mean':>6}"
            for each in self.joints:
                yield f"{each.joint:{width}}  {each.max:6.2f}  {each.mean:6.2f}"
        if self.box_on_target is not None:
            yield f"The box {'stands' if self.box_on_target else 'does not stand'} on the target."


@never_stopped_by_it()
def replay(options: ReplayOptions) -> int:
    """Replay an episode; returns the exit status.

    Raises:
        LerecordError: something cannot be used as asked, or an arm failed with nobody at the keys.
    """
    with Output(options.as_json) as output:
        return _replay(options, output)


def _replay(options: ReplayOptions, output: Output) -> int:
    setup = Setup.resolve(options.hardware, options.dataset)
    if setup.kept is not None and not (setup.kept.is_local or options.trust_rig):
        setup.kept.require_trust(is_attended())
    unreached = Rig(setup.config, setup.calibrations, leaders=False)
    episode = KeptEpisode.read(setup, unreached, options.episode)
    source = Replay(episode.recording, options.speed * episode.fps / setup.config.fps)
    job = Drive(
        source=source,
        what=f"Replay of episode {options.episode}: {episode.task}",
        refusal="A replay records nothing; `lerecord record` does.",
        is_over=lambda: source.is_over,
        root=options.dataset,
        sound=options.sound,
    )
    box: bool | None = None
    with ExitStack() as stack:
        simulated = reached(setup.config, options.seed, stack, demonstrates=False)
        config = setup.config if simulated is None else simulated.config
        if simulated is not None:
            simulated.place_box(options.episode + 1)
        rig = Rig(
            config,
            setup.calibrations,
            write_calibration=options.write_calibration,
            leaders=False,
        )
        driven = drive(job, rig, config)
        if simulated is not None and options.seed is not None:
            box = simulated.box_is_on_target()
    replayed = Replayed.of(options, source, rig.joints, box)
    output.result(replayed, replayed.lines())
    return driven.status
