"""What every session at a rig begins and ends with, whether it records or not."""

import gc
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lerecord.config import HardwareConfig
from lerecord.control import Rig
from lerecord.errors import ConfigError, LerecordError
from lerecord.printable import print_line, print_progress
from lerecord.priority import HOW_TO_PERMIT, Realtime, ask_for_realtime
from lerecord.recording.session import Listener
from lerecord.simulation_client import Simulator, simulator
from lerecord.ui.terminal import Lines, Scene, Screen, ScreenProcess, Store, has_cursor


def started_screen(attended: bool, stack: ExitStack, sound: bool) -> ScreenProcess | None:
    """The process that draws, starting while devices are opened; None where nothing is drawn."""
    if not (attended and has_cursor()):
        return None
    return stack.enter_context(ScreenProcess(sound=sound))


@contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """For the block, a terminal shows what the start of the session waits for."""
    if not sys.stderr.isatty():
        yield
        return
    print_progress(f"Starting: waiting for {what} ...")
    try:
        yield
    finally:
        print_progress("")


@contextmanager
def connected(rig: Rig) -> Iterator[None]:
    """For the block, the arms are connected; at its end they are parked and let go."""
    with ExitStack() as stack:
        with waiting_for("the arms"):
            stack.enter_context(rig)
        gc.freeze()  # collections in the loop look at what the loop made, and nothing else
        yield


def shown_by(process: ScreenProcess | None, scene: Scene, store: Store, attended: bool) -> Listener:
    """A screen that is up, or else lines."""
    if process is not None:
        try:
            process.wait_until_up()
        except LerecordError as error:
            print_line(f"There is no screen, only lines: {error}", sys.stderr)
        else:
            return Screen(scene, store, process)
    return Lines(store, attended)


def be_on_time() -> None:
    """Run before everything else on this machine, or say how that is permitted."""
    if not ask_for_realtime(Realtime.CONTROL) and sys.platform == "linux":
        print_line(
            "The loop has no real-time priority, and is late when the machine is busy: "
            f"{HOW_TO_PERMIT}."
        )


def tell_still_held(names: list[str]) -> None:
    """Say which followers could not be let go."""
    for name in names:
        print_line(
            f"The {name} could not be released and holds its pose: hold it and switch its power "
            f"off.",
            sys.stderr,
        )


def reached(
    config: HardwareConfig, seed: int | None, stack: ExitStack, demonstrates: bool = True
) -> Simulator | None:
    """The simulator of a config that wants one, started; None for a rig that is there.

    Raises:
        LerecordError: it does not start, or a rig that is there is given a seed.
    """
    wanted = config.simulator
    if wanted is None or not wanted.start:
        if seed is not None and wanted is None:
            raise ConfigError("--seed places the box of a simulated rig; this rig is a real one.")
        return None
    faults = None if wanted.faults is None else Path(wanted.faults)
    seed = wanted.seed if seed is None else seed
    blind = config.model_copy(update={"cameras": {}})
    with waiting_for("the simulator"):
        return stack.enter_context(simulator(blind, seed, faults, demonstrates))
