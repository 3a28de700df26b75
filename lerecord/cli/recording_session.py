"""`lerecord --task ...`: everything that a recording needs, opened, run and closed in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lerecord.cli.finishing import Finishing
from lerecord.cli.outcome import Outcome
from lerecord.cli.output import Output
from lerecord.cli.record_options import RecordOptions, counted, plan_of, recounted
from lerecord.cli.session_parts import (
    be_on_time,
    connected,
    shown_by,
    started_screen,
    tell_still_held,
    waiting_for,
)
from lerecord.cli.station_session import check_station, previewed, started_station, with_page
from lerecord.cli.who_drives import LEADERS, Opened, WhoDrives
from lerecord.config import HardwareConfig
from lerecord.control import DriftWatch, Rig, Setup, dataset_spec
from lerecord.dataset.format import layout
from lerecord.errors import ConfigError, LerecordError
from lerecord.pacing import Clocks, Pacer
from lerecord.printable import print_line
from lerecord.processes import environment, lerecord
from lerecord.recording.recorder import Asked, Recorder, free_bytes, low_disk
from lerecord.recording.session import (
    Afterwork,
    Behind,
    Command,
    FanOut,
    Gate,
    Listener,
    Operator,
    Phase,
    Plan,
    Remarking,
    Session,
    TaskQueue,
    Unrecorded,
)
from lerecord.simulation_client import Script, SimulatedRig
from lerecord.ui.terminal import (
    QUEUE_KEYS,
    Lines,
    Pedal,
    PedalDevice,
    Scene,
    ScreenProcess,
    Signals,
    graphics_of,
    has_cursor,
    in_background,
    is_attended,
    keyboard,
    never_stopped_by_it,
    never_waiting,
    opened_pedal,
)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be recorded, and what is done with it."""

    options: RecordOptions
    setup: Setup
    plan: Plan
    afterwork: Afterwork | None
    who: WhoDrives
    output: Output
    at_terminal: bool
    pedal: PedalDevice | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for, before it is known where."""

    options: RecordOptions
    afterwork: Afterwork | None
    who: WhoDrives
    output: Output


@never_stopped_by_it()
def record(
    options: RecordOptions, afterwork: Afterwork | None = None, who: WhoDrives = LEADERS
) -> int:
    """Record until the plan is fulfilled or the operator quits; returns the exit status.

    Args:
        options: what the command line was given.
        afterwork: what is done with the dataset behind the session and at its normal end.
        who: drives the followers.

    Raises:
        LerecordError: something cannot be used as asked; nothing that was recorded is lost.
    """
    with Output(options.as_json) as output:
        if in_background():
            print_line("Running in the background: keys are not read.", sys.stderr)
        with who.placed(Setup.resolve(options.hardware, options.dataset)) as setup:
            return _record_in(setup, _Asked(options, afterwork, who, output))


def _record_in(setup: Setup, asked: _Asked) -> int:
    options, afterwork, who = asked.options, asked.afterwork, asked.who
    attended = is_attended()
    check_station(options)
    if setup.kept is not None and not (setup.kept.is_local or options.trust_rig):
        setup.kept.require_trust(attended)
    if options.preview:
        _check_that_images_can_be_shown(attended)
    plan = replace(
        plan_of(options, setup, attended or options.station),
        catching_up=who.catching_up,
        rollout=who.rollouts,
        taught=who.script is Script.BY_HAND,
    )
    if not who.records:
        plan = replace(plan, between=Phase.DRIVING)
    if afterwork is not None:
        afterwork.check(setup.root)
    min_free_gb = setup.config.quality.min_free_gb
    if (low := low_disk(setup.root, free_bytes(setup.root), min_free_gb)) is not None:
        raise LerecordError(low)
    if setup.config.simulator is not None and options.hardware is None:
        print_line(
            "No --hardware given: recording on the simulated rig, without real arms or cameras."
        )
    if attended and any((setup.root / layout.TAKES).glob("*")):
        _offer_to_recover(setup.root, asked.output)
    plan = counted(plan, setup.root)
    with never_waiting(), opened_pedal(options.pedal) as pedal:
        failure, received, saved = _recorded(
            _Job(options, setup, plan, afterwork, who, asked.output, attended, pedal)
        )
    if failure is not None:
        raise LerecordError(failure)
    if received is not None:
        return 128 + received
    return afterwork.finish(setup.root) if afterwork is not None and saved else 0


def _check_that_images_can_be_shown(attended: bool) -> None:
    graphics_of(os.environ)
    if not (attended and has_cursor()):
        raise ConfigError(
            "--preview draws what the cameras see on a terminal; run it in one, or leave it out."
        )


def _recorded(job: _Job) -> tuple[str | None, signal.Signals | None, bool]:
    """Run the session and say what came of it.

    Returns:
        Why it ended before its plan was fulfilled, the signal that ended it, and whether it has
        saved anything.
    """
    root = job.setup.root
    with ExitStack() as stack:
        signals = stack.enter_context(Signals())  # also while the last saves are waited for
        sound = job.options.sound
        screen = None if job.options.preview else started_screen(job.at_terminal, stack, sound)
        simulated, config = _reach(job, stack)
        recorder, rig, notes = _open(job, config, stack)
        if job.options.preview:  # the images are there no earlier
            screen = stack.enter_context(ScreenProcess(previewed(config, recorder), sound))
        station = started_station(job.options, config, recorder, stack)
        signals.listen()
        be_on_time()
        takes = recorder if job.who.records else Unrecorded(recorder)
        scene = Scene(root if job.who.records else None, config, rig.joints)
        listener = shown_by(screen, scene, takes, job.at_terminal)
        shown = _listeners(job, listener, recorder, stack)
        page = [] if station is None else [with_page(shown, scene, takes, station)]
        driven = job.who.cast(Opened(rig, config, recorder, simulated, shown, stack))
        if notes:
            shown.notice(" ".join(notes))
        operators = [signals, *page, *_operators(job, simulated, shown, stack), *driven.operators]
        session = Session(rig, driven.driving, takes, job.plan, operators, shown)
        with connected(rig):  # innermost: the arm parks before anything else is waited for
            session.run(Pacer(config.fps, sleep=recorder.sleep))
        stood = [] if simulated is None else simulated.box_on_target()
        if job.who.rollouts and stood:
            session.assume(stood[-1])
    tell_still_held(rig.still_held)
    outcome = Outcome.of(root, recorder, session.endings, stood)
    outcome = replace(outcome, failure=session.failure, policy=driven.figures())
    _report(job, outcome, session.agenda.queue)
    return session.failure, signals.received, bool(recorder.saved)


def _operators(
    job: _Job, simulated: SimulatedRig | None, shown: FanOut, stack: ExitStack
) -> list[Operator]:
    """The person at the keys and at the pedal, if there is one, and the one in the simulator."""
    people: list[Operator] = []
    if job.at_terminal:
        people.append(stack.enter_context(keyboard(_keys(job))))
    if job.pedal is not None:
        people.append(Pedal(job.pedal, shown.notice))
    return people if simulated is None else [*people, simulated]


def _keys(job: _Job) -> Mapping[str, Command]:
    return job.who.keys if job.plan.queue is None else {**job.who.keys, **QUEUE_KEYS}


def _report(job: _Job, outcome: Outcome, queue: TaskQueue | None) -> None:
    if queue is not None:
        outcome = replace(outcome, tasks=recounted(queue, job.setup.root).tasks)
    if job.who.records:
        job.output.result(outcome.to_data(), outcome.lines())
    elif outcome.policy is not None:
        job.output.result(asdict(outcome.policy), [outcome.policy.line()])


def _listeners(job: _Job, shown: Listener, recorder: Recorder, stack: ExitStack) -> FanOut:
    """Whoever is told how the session goes; lines take over from a screen that is lost."""
    listeners = FanOut()
    listeners.add(shown, substitute=lambda: Lines(recorder, job.at_terminal))
    listeners.add(Remarking(listeners, recorder))
    if job.afterwork is not None and job.afterwork.every is not None:
        command, every = job.afterwork.behind(job.setup.root), job.afterwork.every
        listeners.add(stack.enter_context(Behind(listeners, recorder, command, every)))
    return listeners


def _offer_to_recover(root: Path, output: Output) -> None:
    """Ask what becomes of takes that were never saved, in a process that may be heavy."""
    to = sys.stderr if output.as_json else None
    subprocess.run(lerecord("recover", str(root)), env=environment(), stdout=to, check=False)


def _reach(job: _Job, stack: ExitStack) -> tuple[SimulatedRig | None, HardwareConfig]:
    """Start the simulator when the rig is one, and find out where the rig is reached."""
    config, seed = job.setup.config, job.options.seed
    if config.simulator is None or not config.simulator.start:
        return None, config
    rig = SimulatedRig(config, config.simulator, seed, job.plan.attended, job.who.script)
    simulated = stack.enter_context(rig)
    with waiting_for("the simulator"):
        return simulated, simulated.wait_until_up()


def _open(job: _Job, config: HardwareConfig, stack: ExitStack) -> tuple[Recorder, Rig, list[str]]:
    """Open dataset and cameras; the arms are only made, and connected later.

    Also what the operator should know before the first take.
    """

    def sleep(seconds: float) -> None:
        """Commits go on while the arm parks; what stops them is said when the recorder closes."""
        try:
            recorder.sleep(seconds)
        except Exception:  # whatever it is: the arm must not drop for it
            time.sleep(seconds)

    setup, options = job.setup, job.options
    clocks, leaders = Clocks(sleep=sleep), job.who.leaders
    rig = Rig(config, setup.calibrations, clocks, options.write_calibration, leaders)
    if job.who.records:
        rig.drift_watch = DriftWatch.of_user(config, options.accept_drift)
    spec = dataset_spec(setup, rig)
    spec = replace(spec, rollouts=job.who.rollouts, labels=options.labels)
    finishing = stack.enter_context(Finishing(job.at_terminal))
    judged = job.who.rollouts and config.simulator is not None and config.simulator.start
    asked = Asked(judged, reviews=job.plan.gate is not Gate.OFF)
    recorder = stack.enter_context(
        Recorder(setup.root, spec, config, options.accept_calibration, asked, finishing.tell)
    )
    with waiting_for(f"the dataset and the cameras {', '.join(config.cameras)}"):
        return recorder, rig, recorder.wait_until_ready()
