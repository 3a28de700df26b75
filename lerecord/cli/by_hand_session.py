"""What `lerecord record --by-hand` does: a hand teaches the limp follower, which does it again."""

from lerecord.cli.record_options import RecordOptions
from lerecord.cli.who_drives import Driven, Opened, WhoDrives
from lerecord.control import Hand, Teaching
from lerecord.errors import ConfigError
from lerecord.recording.session import Command, Operator, Phase
from lerecord.simulation_client import Script, SimulatedRig
from lerecord.ui.terminal import BY_HAND_KEYS, is_attended


def by_hand(options: RecordOptions) -> WhoDrives:
    """Who drives, when a hand has taught it.

    Raises:
        ConfigError: the options do not go with it.
    """
    if options.reset_time is not None:
        raise ConfigError(
            "With --by-hand a take starts when a path is taught and Enter is pressed; leave out "
            "--reset-time."
        )
    return WhoDrives(
        cast=_cast,
        keys=BY_HAND_KEYS,
        catching_up="The arm goes to where the path begins, and the take starts there.",
        leaders=False,
        script=Script.BY_HAND,
    )


def _cast(opened: Opened) -> Driven:
    rig = opened.rig
    if not rig.goes_limp:
        raise ConfigError(
            "--by-hand needs followers whose joints can be let go one by one, and plug-ins of "
            "LeRobot have no way to do that; record with a leader."
        )
    attended = is_attended()
    if opened.simulated is None and not attended:
        raise ConfigError("--by-hand needs somebody at the keys; run it in a terminal.")
    teaching = Teaching(rig, opened.config.fps, opened.listeners.notice)
    operators: tuple[Operator, ...] = (TakesOfPath(teaching),)
    if opened.simulated is not None:
        operators = (SimulatedHand(opened.simulated, teaching, attended), *operators)
    if attended:
        opened.listeners.notice(
            "t begins to teach: the arm goes limp when you are asked to hold it."
        )
    return Driven(teaching, operators)


class TakesOfPath:
    """An operator that lets a path begin with its take, and ends the take with the path."""

    def __init__(self, teaching: Teaching) -> None:
        self._teaching = teaching
        self._phase: Phase | None = None

    def poll(self) -> Command | None:
        """SAVE at the end of the path."""
        is_over = self._phase is Phase.RECORDING and self._teaching.source.is_over
        return Command.SAVE if is_over else None

    def enter(self, phase: Phase) -> None:
        """A take begins where the path begins, and in no other phase does anything move."""
        self._phase = phase
        if phase is Phase.CATCHING_UP:
            self._teaching.go()
        elif phase is Phase.RECORDING:
            self._teaching.run()
        else:
            self._teaching.wait()


class SimulatedHand:
    """An operator that is the person at a simulated rig, and presses the keys when nobody is there.

    Args:
        simulated: the rig's other end.
        teaching: as the session does it.
        attended: somebody is at the keys.
    """

    def __init__(self, simulated: SimulatedRig, teaching: Teaching, attended: bool) -> None:
        self._simulated = simulated
        self._teaching = teaching
        self._attended = attended
        self._guides = False
        self._phase: Phase | None = None

    def poll(self) -> Command | None:
        """The next step of teaching, and GO when it is taught."""
        if self._phase is not Phase.RESETTING:
            return None
        teaching = self._teaching
        if teaching.has_arm:
            return self._guide()
        if self._guides:  # the path is taught
            self._guides = False
            self._simulated.put_back()
        if self._attended or not self._simulated.is_ready:
            return None
        return Command.TAKE_OVER if teaching.source.path is None else Command.GO

    def enter(self, phase: Phase) -> None:
        """Nothing is pressed but between takes."""
        self._phase = phase

    def _guide(self) -> Command | None:
        if not self._guides:
            self._guides = True
            self._simulated.guide()
        is_done = self._teaching.hand is Hand.TEACHING and self._simulated.is_done
        return Command.TAKE_OVER if is_done else None
