"""`lerecord --task ...`: everything that a recording needs, opened, run and closed in order."""

import gc
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from lerecord.config import HardwareConfig
from lerecord.dataset import layout
from lerecord.errors import LerecordError
from lerecord.pacing import Clocks, Pacer
from lerecord.printable import print_json, print_line
from lerecord.priority import HOW_TO_PERMIT, Realtime, ask_for_realtime
from lerecord.recording.behind import Afterwork, Behind
from lerecord.recording.finishing import Finishing
from lerecord.recording.listeners import Lines, Scene, Screen
from lerecord.recording.operator import Operator, Signals, keyboard
from lerecord.recording.options import RecordOptions, plan_of
from lerecord.recording.outcome import Outcome
from lerecord.recording.recorder import Recorder, low_disk
from lerecord.recording.remarking import Remarking
from lerecord.recording.session import Listener, Session
from lerecord.recording.setup import Setup, dataset_spec
from lerecord.recording.simulated import SimulatedRig
from lerecord.rig import Rig


def record(options: RecordOptions, afterwork: Afterwork | None = None) -> int:
    """Record until the plan is fulfilled or the operator quits; returns the exit status.

    Args:
        options: what the command line was given.
        afterwork: what is done with the dataset behind the session and at its normal end.

    Raises:
        LerecordError: something cannot be used as asked; nothing that was recorded is lost.
    """
    attended = sys.stdin.isatty() and sys.stdout.isatty()
    setup = Setup.resolve(options.hardware, options.dataset)
    if setup.kept is not None and not (setup.kept.is_local or options.trust_rig):
        setup.kept.require_trust(attended)
    plan = plan_of(options, setup, attended)
    if afterwork is not None:
        afterwork.check(setup.root)
    if (low := low_disk(setup.root, setup.config.quality.min_free_gb)) is not None:
        raise LerecordError(low)
    if setup.config.simulator is not None and options.hardware is None:
        print_line(
            "No --hardware given: this records on the simulated rig, no arm or camera is used."
        )
    if attended and any((setup.root / layout.TAKES).glob("*")):
        _offer_to_recover(setup.root)
    signals = Signals()
    with ExitStack() as stack:
        simulated, config = _reach(options, setup.config, attended, stack)
        recorder, rig, notes = _open(options, setup, config, attended, stack)
        stack.enter_context(signals)
        _be_on_time()
        keys, shown = stack.enter_context(_people(attended, setup.root, config, rig, recorder))
        if notes:
            shown.notice(" ".join(notes))
        operators: list[Operator] = [signals, *keys, *([simulated] if simulated else [])]
        told = Remarking(shown, recorder)
        listener = _with_work(told, recorder, afterwork, setup.root, stack)
        session = Session(rig, recorder, plan, operators, listener)
        with rig:  # innermost: the arm is parked and let go before anything else is waited for
            gc.freeze()  # collections in the loop look at what the loop made, and nothing else
            session.run(Pacer(config.fps, sleep=recorder.sleep))
    for name in rig.still_held:
        print_line(
            f"The {name} could not be let go and holds its pose: hold it and switch its power off.",
            sys.stderr,
        )
    demonstrations = [] if simulated is None else simulated.demonstrations
    outcome = Outcome.of(setup.root, recorder, demonstrations)
    _print_outcome(outcome, options.as_json)
    if session.failure is not None:
        raise LerecordError(session.failure)
    if signals.received is not None:
        return 128 + signals.received
    return afterwork.finish(setup.root) if afterwork is not None and recorder.saved else 0


def _print_outcome(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        print_json(asdict(outcome))
        return
    for line in outcome.lines():
        print_line(line)


def _with_work(
    listener: Listener, recorder: Recorder, work: Afterwork | None, root: Path, stack: ExitStack
) -> Listener:
    """The listener, and before it the one that asks for work behind the session, if any is due."""
    if work is None or work.every is None:
        return listener
    return stack.enter_context(Behind(listener, recorder, work.behind(root), work.every))


def _be_on_time() -> None:
    """Run before everything else on this machine, or say how that is permitted."""
    if not ask_for_realtime(Realtime.CONTROL) and sys.platform == "linux":
        print_line(
            "The loop has no real-time priority, and is late when the machine is busy: "
            f"{HOW_TO_PERMIT}."
        )


def _offer_to_recover(root: Path) -> None:
    """Ask what becomes of takes that were never saved, in a process that may be heavy."""
    command = "from lerecord.cli import main; main()"
    subprocess.run([sys.executable, "-c", command, "recover", str(root)], check=False)


def _reach(
    options: RecordOptions, config: HardwareConfig, attended: bool, stack: ExitStack
) -> tuple[SimulatedRig | None, HardwareConfig]:
    """Start the simulator when the rig is one, and find out where the rig is reached."""
    if config.simulator is None or not config.simulator.start:
        return None, config
    simulated = stack.enter_context(SimulatedRig(config, config.simulator, options.seed, attended))
    return simulated, simulated.wait_until_up()


def _open(
    options: RecordOptions, setup: Setup, config: HardwareConfig, attended: bool, stack: ExitStack
) -> tuple[Recorder, Rig, list[str]]:
    """Open dataset and cameras; the arms are only made, and connected later.

    Also what the operator should know before the first take.
    """

    def sleep(seconds: float) -> None:
        """Commits go on while the arm parks; what stops them is said when the recorder closes."""
        try:
            recorder.sleep(seconds)
        except Exception:  # whatever it is: the arm must not drop for it
            time.sleep(seconds)

    rig = Rig(config, setup.calibrations, Clocks(sleep=sleep), options.write_calibration)
    spec = dataset_spec(setup, rig)
    finishing = stack.enter_context(Finishing(attended))
    recorder = stack.enter_context(
        Recorder(setup.root, spec, config, options.accept_calibration, finishing.tell)
    )
    return recorder, rig, recorder.wait_until_ready()


@contextmanager
def _people(
    attended: bool, root: Path, config: HardwareConfig, rig: Rig, recorder: Recorder
) -> Iterator[tuple[list[Operator], Listener]]:
    """Keys and a screen in a terminal, lines without one."""
    if not attended:
        yield [], Lines(recorder)
        return
    with keyboard() as keys, Screen(Scene(root, config, rig.joints), recorder) as screen:
        yield [keys], screen
