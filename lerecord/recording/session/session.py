"""The session: one loop, and a table that says what each command does in each phase."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from lerecord.dataset.staging import Take
from lerecord.pacing import Tick
from lerecord.recording.session.agenda import Agenda
from lerecord.recording.session.health import PolicyHealth
from lerecord.recording.session.judging import Judging
from lerecord.recording.session.phases import BECAME, TRANSITIONS, Action, Command, Operator, Phase
from lerecord.recording.session.plan import Plan, Wanted
from lerecord.recording.session.reviews import Reviews
from lerecord.recording.session.roles import Driving, Listener, Robot, Takes
from lerecord.recording.session.task_queue import QueueEdit
from lerecord.recording.session.trouble import Cautions, goes_on


class Session:
    """Runs the rig at its rate; recording is a gate on that one loop, never a second loop."""

    def __init__(
        self,
        rig: Robot,
        source: Driving,
        takes: Takes,
        plan: Plan,
        operators: Sequence[Operator],
        listener: Listener,
    ) -> None:
        self.plan = plan
        self.phase = plan.between
        self.take: Take | None = None
        self.missed = 0
        self.failure: str | None = None
        """Why the session ended before its plan was fulfilled; None when it was."""
        self.endings: list[int | None] = []
        """Of each take, the episode that it was saved as; None where it was not."""
        self.trouble: str | None = None
        """Why nothing can be recorded or driven just now; None when it can."""
        self.drift: str | None = None
        """Which joints are not where they should be; None when that keeps no take from starting."""
        self.reviews = Reviews(plan.gate, plan.attended)
        self.judging = Judging(takes, listener)
        self.agenda = Agenda(plan)
        self._cautions = Cautions(rig, listener)
        self._rig = rig
        self._source = source
        self._takes = takes
        self._operators = operators
        self._listener = listener
        self._deeds = self._what_actions_do()
        self._entered_at: float | None = None
        self._now = 0.0

    def _what_actions_do(self) -> Mapping[Action, Callable[[], None]]:
        """Of those that lead to the phase that the table says."""
        return {
            Action.REDO_SAVED: self._redo_saved,
            Action.NEXT_TASK: lambda: self._listener.notice(self.agenda.step(1)),
            Action.TASK_BEFORE: lambda: self._listener.notice(self.agenda.step(-1)),
            Action.HOLD: self._source.hold,
            Action.RESUME: self._source.resume,
            Action.TAKE_OVER: self._source.take_over,
            Action.ACCEPT: self._rig.accept_drift,
            Action.SUCCEED: lambda: self._judge(True),
            Action.FAIL: lambda: self._judge(False),
            Action.FIND_DONE: lambda: self.assume(True),
            Action.FIND_UNDONE: lambda: self.assume(False),
        }

    @property
    def elapsed_s(self) -> float:
        """Seconds since the phase was entered."""
        return 0.0 if self._entered_at is None else self._now - self._entered_at

    @property
    def saves(self) -> int:
        """Takes that were saved, those that replaced an episode included."""
        return sum(episode is not None for episode in self.endings)

    @property
    def policy_health(self) -> PolicyHealth | None:
        """How well the policy keeps up; None where none drives."""
        return self._source.policy_health()

    @property
    def wanted(self) -> Wanted:
        """The take that runs or comes next."""
        return self.agenda.wanted

    @property
    def saved(self) -> int:
        """Takes that became new episodes."""
        return self.agenda.saved

    def run(self, ticks: Iterable[Tick]) -> None:
        """Run until the phase is DONE; the caller parks the arm and closes the takes."""
        for tick in ticks:
            observation = self._rig.observe(tick)
            frame = self._rig.command(self._source.next(observation))
            self._pass_time(tick)
            if self._source.interruption is not None:
                self._interrupt(self._source.interruption)
            elif self.take is not None and self.phase is Phase.RECORDING:
                self.take.add(frame, missed=tick.missed)
            self._listener.tell(self, frame)
            self._cautions.look()
            self._look_for_trouble()
            self._look_at_reviews()
            self._look_for_drift()
            if self.phase is Phase.CATCHING_UP and self.elapsed_s > self.plan.catch_up_s:
                self._give_up_catching_up()
            if (command := self._asked()) is not None:
                self._obey(command)
            if self.phase is Phase.DONE:
                self._listener.tell(self, frame)  # the last; the arm is parked now
                return

    def _pass_time(self, tick: Tick) -> None:
        self._now = tick.started
        self.missed += tick.missed
        if self._entered_at is None:
            self._enter(self.plan.between)

    def _asked(self) -> Command | QueueEdit | None:
        for operator in self._operators:
            if (command := operator.poll()) is not None:
                return command
        return self._time_is_up()

    def _time_is_up(self) -> Command | None:
        if self.phase is Phase.RECORDING and self.take is not None:
            limit_s = self.plan.episode_time_s
            over = limit_s is not None and self.take.seconds >= limit_s
            return Command.SAVE if over or self.take.full else None
        if self.phase is Phase.DRIVING:
            return Command.SAVE if self._lasts(self.plan.episode_time_s) else None
        if self.phase is Phase.CATCHING_UP:
            return Command.GO if self._source.arrived else None
        if self.phase is Phase.RESETTING and self.drift is None and not self.reviews.asks:
            return Command.GO if self._lasts(self.plan.reset_time_s) else None
        return None

    def _lasts(self, limit_s: float | None) -> bool:
        return limit_s is not None and self.elapsed_s >= limit_s

    def _obey(self, command: Command | QueueEdit) -> None:
        if isinstance(command, QueueEdit):
            if refusal := self.agenda.edit(command):
                self._listener.notice(refusal)
            return
        action, phase = TRANSITIONS.get((self.phase, command), (Action.NOTHING, self.phase))
        if action is Action.BEGIN:
            phase = self._begun()
        elif (deed := self._deeds.get(action)) is not None:
            deed()
        elif action is not Action.NOTHING and (told := self._end_take(action)):
            self._listener.notice(told)
        if self._is_complete():
            phase = Phase.DONE
        if phase is not self.phase:
            self._enter(phase)

    def _begun(self) -> Phase:
        """Begin the take, where nothing is in its way; the phase that it is now."""
        why = self._rig.trouble() or self.drift or self._source.obstacle() or self._takes.obstacle()
        if why is not None:
            self._listener.notice(why)
            return self.plan.between
        if self.reviews.holds(self._now):
            return Phase.CATCHING_UP  # begins as soon as it is known what it replaces
        self.reviews.asks = False
        if self.agenda.is_complete:
            return self.plan.between
        if not self._source.arrived:
            self._listener.notice(self.plan.catching_up)
            return Phase.CATCHING_UP
        if (limited := self._rig.limited()) is not None:
            self._listener.notice(limited)
        wanted = self.agenda.begin()
        self.take = self._takes.begin(wanted.task, wanted.replaces)
        return Phase.RECORDING

    def _redo_saved(self) -> None:
        """Let the next take replace the one just saved; asked again, let it be a new one."""
        self.reviews.asks = False
        self._listener.notice(self.agenda.redo())

    def assume(self, success: bool) -> None:
        """Say of the take that ended last how it went, if it was saved and nobody else has."""
        self.judging.assume(self.endings[-1] if self.endings else None, success)

    def _judge(self, success: bool) -> None:
        """A person says how the running take went, which ends it, or the one saved last."""
        if self.take is not None and (told := self._end_take(Action.SAVE)):
            self._listener.notice(told)
        elif self.agenda.last_saved is None:
            self._listener.notice("No take has been saved yet that could be labelled.")
        else:
            self.judging.say(self.agenda.last_saved[0], success)

    def _look_at_reviews(self) -> None:
        """A take that is beyond repair is done again, or the operator is asked."""
        beyond = self.reviews.beyond_repair(self._takes.episodes_saved)
        saved = self.agenda.last_saved is not None and not self.agenda.redoes
        if beyond and self.take is None and saved:
            if (told := self.reviews.consequence()) is None:
                self._redo_saved()
            else:
                self._listener.notice(told)
        if self.phase is Phase.RESETTING and self._is_complete():
            self._enter(Phase.DONE)

    def _is_complete(self) -> bool:
        return self.agenda.is_complete and not self.reviews.waits(self._now)

    def _end_take(self, action: Action) -> str:
        """What became of the take, in a sentence; of one that is saved, that is told later."""
        take, self.take = self.take, None
        assert take is not None
        if action is Action.SAVE and take.length >= 2:
            episode = self._takes.save(take)
            self.judging.forget(episode)
            self.reviews.saved(episode, self._now)
            self.agenda.end(episode)
            self.endings.append(episode)
            return ""
        self.agenda.end(None)
        self.endings.append(None)
        (self._takes.leave if action is Action.LEAVE else self._takes.discard)(take)
        return BECAME[action].format(take.seconds)

    def _look_for_trouble(self) -> None:
        """A device that failed ends the take, which is kept; unattended it ends the session."""
        if self.phase is Phase.DONE:
            return
        before, self.trouble = self.trouble, self._rig.trouble() or self._takes.trouble()
        if self.trouble is None:
            if before is not None:
                self._listener.notice("The trouble is over: every device answers again.")
        elif self.take is not None:
            self._stop_take(self.trouble)
        elif not self.plan.attended:
            self._fail(self.trouble)
        else:
            if not goes_on(before, self.trouble):
                self._listener.notice(self.trouble)
            self._rig.recover()
            self._takes.recover()

    def _look_for_drift(self) -> None:
        """Arms that are not where they should be are told; unattended that is the end in time.

        Not at once: the leader may be on its way, as that of a demonstration that goes on is.
        """
        before, drift = self.drift, self._rig.drift()
        remedy = "press a" if self.plan.attended else "give --accept-drift"
        self.drift = None if drift is None else f"{drift} To record all the same, {remedy}."
        if self.drift is None:
            if before is not None:
                self._listener.notice("The arms may move now, and takes may start.")
        elif not self.plan.attended and self.elapsed_s > self.plan.catch_up_s:
            self._fail(self.drift)
        elif before is None:
            self._listener.notice(self.drift)

    def _interrupt(self, sentence: str) -> None:
        """Nobody looked for a while: what comes now is no part of the take that was running."""
        if self.phase is Phase.RECORDING:
            self._stop_take(sentence)
        else:
            self._listener.notice(sentence)

    def _stop_take(self, reason: str) -> None:
        """End the take where it is staged; unattended that is the end of the session."""
        reason = f"{reason} {self._end_take(Action.LEAVE)}"
        self._listener.notice(reason)
        if self.plan.attended:
            self._enter(Phase.RESETTING)
        else:
            self._fail(reason)

    def _give_up_catching_up(self) -> None:
        """The follower does not get to where the leader is: say so instead of waiting for ever."""
        reason = f"The take did not start: {self._rig.lag()}"
        if self.plan.attended:
            self._listener.notice(reason)
            self._enter(Phase.RESETTING)
        else:
            self._fail(reason)

    def _fail(self, reason: str) -> None:
        self.failure = reason
        self._enter(Phase.DONE)

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._entered_at = self._now
        for operator in self._operators:
            operator.enter(phase)
