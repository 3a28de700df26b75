"""`lerecord --task ...`: everything that a recording needs, opened, run and closed in order."""

import gc
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lerecord.config import HardwareConfig
from lerecord.errors import ConfigError, LerecordError
from lerecord.pacing import Pacer
from lerecord.recording.listeners import Lines, Scene, Screen
from lerecord.recording.operator import Operator, Signals, keyboard
from lerecord.recording.priority import ask_for_realtime
from lerecord.recording.recorder import Recorder, low_disk
from lerecord.recording.session import Listener, Plan, Session
from lerecord.recording.setup import Setup, dataset_spec
from lerecord.recording.simulated import SimulatedRig
from lerecord.rig import Rig


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """What the command line was given; None where it was given nothing."""

    task: str
    hardware: str | None = None
    dataset: Path | None = None
    episodes: int | None = None
    episode_time_s: float | None = None
    reset_time_s: float | None = None
    seed: int | None = None
    accept_calibration: bool = False


def record(options: RecordOptions) -> int:
    """Record until the plan is fulfilled or the operator quits; returns the exit status.

    Raises:
        LerecordError: something cannot be used as asked; nothing that was recorded is lost.
    """
    attended = sys.stdin.isatty() and sys.stdout.isatty()
    setup = Setup.resolve(options.hardware, options.dataset)
    plan = _plan(options, setup.config, attended)
    if (low := low_disk(setup.root, setup.config.quality.min_free_gb)) is not None:
        raise LerecordError(low)
    if setup.config.simulator is not None and options.hardware is None:
        print("No --hardware given: this records on the simulated rig, no arm or camera is used.")
    signals = Signals()
    with ExitStack() as stack:
        simulated, config = _reach(options, setup.config, attended, stack)
        recorder, rig = _open(options, setup, config, stack)
        stack.enter_context(signals)
        stack.enter_context(rig)
        with _people(attended, Scene(setup.root, config, rig.joints), recorder) as (keys, listener):
            operators: list[Operator] = [signals, *keys, *([simulated] if simulated else [])]
            session = Session(rig, recorder, plan, operators, listener)
            ask_for_realtime()
            gc.freeze()  # collections in the loop look at what the loop made, and at nothing else
            session.run(Pacer(config.fps))
    _report(setup.root, recorder, simulated)
    if session.failure is not None:
        raise LerecordError(session.failure)
    return 0 if signals.received is None else 128 + signals.received


def _plan(options: RecordOptions, config: HardwareConfig, attended: bool) -> Plan:
    task = options.task.strip()
    if not task:
        raise ConfigError('The task is empty; say what is done, as in --task "Grab the paper box".')
    demonstrated = config.simulator is not None and config.simulator.start
    if options.seed is not None and not demonstrated:
        raise ConfigError("--seed places the box of a simulated rig; this rig is a real one.")
    if not attended and not demonstrated and options.episode_time_s is None:
        raise ConfigError(
            "Without a terminal nobody ends the take; give --episode-time, or run it in a terminal."
        )
    return Plan(
        task=task,
        episodes=1 if options.episodes is None and not attended else options.episodes,
        episode_time_s=options.episode_time_s,
        reset_time_s=0.0
        if options.reset_time_s is None and not attended and not demonstrated
        else options.reset_time_s,
        attended=attended,
    )


def _reach(
    options: RecordOptions, config: HardwareConfig, attended: bool, stack: ExitStack
) -> tuple[SimulatedRig | None, HardwareConfig]:
    """Start the simulator when the rig is one, and find out where the rig is reached."""
    if config.simulator is None or not config.simulator.start:
        return None, config
    simulated = stack.enter_context(SimulatedRig(config, config.simulator, options.seed, attended))
    return simulated, simulated.wait_until_up()


def _open(
    options: RecordOptions, setup: Setup, config: HardwareConfig, stack: ExitStack
) -> tuple[Recorder, Rig]:
    """Open dataset and cameras; the arms are only made, and connected later."""
    rig = Rig(config, setup.calibrations)
    spec = dataset_spec(setup, rig)
    recorder = stack.enter_context(
        Recorder(setup.root, spec, config, accept_calibration=options.accept_calibration)
    )
    for sentence in recorder.wait_until_ready():
        print(sentence)
    return recorder, rig


@contextmanager
def _people(
    attended: bool, scene: Scene, recorder: Recorder
) -> Iterator[tuple[list[Operator], Listener]]:
    """Keys and a screen in a terminal, lines without one."""
    if not attended:
        yield [], Lines(recorder)
        return
    with keyboard() as keys, Screen(scene, recorder) as screen:
        yield [keys], screen


def _report(root: Path, recorder: Recorder, simulated: SimulatedRig | None) -> None:
    for saved in recorder.saved:
        print(f"episode {saved.episode}: {saved.rows} rows, {saved.seconds:.1f} s, {saved.task}")
    if simulated is not None and simulated.demonstrations:
        stood = sum(simulated.demonstrations)
        print(f"The box stood on the target in {stood} of {len(simulated.demonstrations)} takes.")
    if recorder.unsaved:
        print(f"Not saved but kept to be salvaged: {', '.join(recorder.unsaved)}.")
    if recorder.saved:
        print(f"The dataset is {root}; `lerecord check {root}` verifies it.")
    else:
        print("No episode was saved.")
