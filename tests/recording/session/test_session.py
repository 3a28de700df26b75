from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.control import Goal, Observation
from lerecord.control.source import Action, Driver
from lerecord.dataset.format import Reason, Verdict
from lerecord.dataset.staging import Take, TakeFrame
from lerecord.frame import Frame
from lerecord.pacing import Tick
from lerecord.recording.recorder import Saved
from lerecord.recording.session import Command, Gate, Phase, Plan, QueueEdit, Session, Wanted
from lerecord.recording.session.phases import TRANSITIONS

FPS = 10


@dataclass
class FakeRig:
    """The rig, and whoever drives it."""

    arrived: bool = True
    sentence: str | None = None
    recoveries: int = 0
    interruption: str | None = None
    beyond: str | None = None
    apart: str | None = None
    agrees_after: int | None = None
    asked: list[str] = field(default_factory=list)
    cautions: dict[int, str] = field(default_factory=dict)

    def hold(self) -> None:
        self.asked.append("hold")

    def resume(self) -> None:
        self.asked.append("resume")

    def policy_health(self) -> None:
        """No policy drives."""

    def obstacle(self) -> str | None:
        return None

    def take_over(self) -> None:
        self.asked.append("take over")

    def limited(self) -> str | None:
        return self.beyond

    def lag(self) -> str:
        return "elbow_flex is still 40.0 units away."

    def observe(self, tick: Tick) -> Observation:
        pose = np.full(2, tick.index, dtype=np.float32)
        return Observation(tick, pose, pose, pose)

    def next(self, observation: Observation) -> Goal:
        self.observed = observation
        return Goal(Action(observation.leader, Driver.LEADER), 1.0)

    def command(self, goal: Goal) -> Frame:
        assert goal.action is not None
        tick, state = self.observed.tick, self.observed.state
        return Frame(tick.index, tick.due, tick.started, state, goal.action.values, state)

    def trouble(self) -> str | None:
        return self.sentence

    def caution(self) -> str | None:
        return self.cautions.get(self.observed.tick.index)

    def recover(self) -> None:
        self.recoveries += 1

    def drift(self) -> str | None:
        if self.agrees_after is not None and self.observed.tick.index >= self.agrees_after:
            self.apart = None
        return self.apart

    def accept_drift(self) -> None:
        self.apart = None


@dataclass
class Rows:
    rows: list[TakeFrame] = field(default_factory=list)

    def add(self, frame: TakeFrame) -> None:
        self.rows.append(frame)


@dataclass
class FakeTakes:
    done: list[str] = field(default_factory=list)
    sinks: list[Rows] = field(default_factory=list)
    why_not: str | None = None
    recoveries: int = 0
    sentence: str | None = None
    replaces: int | None = None
    appended: int = 0
    episodes_saved: list[Saved] = field(default_factory=list)

    def obstacle(self) -> str | None:
        return self.why_not

    def trouble(self) -> str | None:
        return self.sentence

    def recover(self) -> None:
        self.recoveries += 1

    def begin(self, task: str, replaces: int | None) -> Take:
        self.replaces = replaces
        self.done.append(f"begin {task}" if replaces is None else f"begin {task} for {replaces}")
        self.sinks.append(Rows())
        return Take(self.sinks[-1], {}, FPS)

    def save(self, take: Take) -> int:
        self.done.append(f"save {take.length}")
        self.appended += self.replaces is None
        return self.appended - 1 if self.replaces is None else self.replaces

    def judge(self, success: bool) -> None:
        self.done.append(f"judge {success}")

    def discard(self, take: Take) -> None:
        self.done.append(f"discard {take.length}")

    def leave(self, take: Take) -> None:
        self.done.append(f"leave {take.length}")


@dataclass
class Script:
    """An operator that asks for things at given ticks, by the number of polls."""

    commands: Mapping[int, Command | QueueEdit]
    polls: int = 0
    phases: list[Phase] = field(default_factory=list)

    def poll(self) -> Command | QueueEdit | None:
        self.polls += 1
        return self.commands.get(self.polls - 1)

    def enter(self, phase: Phase) -> None:
        self.phases.append(phase)


@dataclass
class Notices:
    sentences: list[str] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)

    def tell(self, session: Session, frame: Frame) -> None:
        self.phases.append(session.phase)

    def notice(self, sentence: str) -> None:
        self.sentences.append(sentence)


def grid(count: int) -> Iterator[Tick]:
    return (Tick(i, i / FPS, i / FPS, 0) for i in range(count))


class Bench:
    def __init__(self, commands: Mapping[int, Command | QueueEdit], **plan: object) -> None:
        self.rig, self.takes, self.notices = FakeRig(), FakeTakes(), Notices()
        self.script = Script(commands)
        self.session = Session(
            self.rig,
            self.rig,
            self.takes,
            Plan(**{"wanted": (Wanted("Grab"),)} | plan),  # type: ignore[arg-type]
            [self.script],
            self.notices,
        )

    def run(self, ticks: int = 100) -> list[str]:
        self.session.run(grid(ticks))
        return self.takes.done


def test_a_take_has_a_row_for_every_tick_after_start_up_to_save() -> None:
    bench = Bench({2: Command.GO, 7: Command.SAVE, 10: Command.QUIT})
    assert bench.run() == ["begin Grab", "save 5"]
    assert [row["state"][0] for row in bench.takes.sinks[0].rows] == [3, 4, 5, 6, 7]
    assert bench.session.phase is Phase.DONE


def test_redo_discards_and_goes_back_to_reset() -> None:
    bench = Bench({0: Command.GO, 4: Command.REDO, 5: Command.GO, 8: Command.GO, 9: Command.QUIT})
    assert bench.run() == ["begin Grab", "discard 4", "begin Grab", "save 3"]


DRIFT = "The main leader and the main follower are measured apart."


def test_a_servo_that_is_about_to_switch_off_is_told_once_and_the_take_goes_on() -> None:
    bench = Bench({0: Command.GO, 9: Command.SAVE, 14: Command.QUIT})
    bench.rig.cautions = {**dict.fromkeys(range(3, 7), "it is hot"), 12: "it is hot"}
    assert bench.run() == ["begin Grab", "save 9"]
    assert bench.notices.sentences == ["it is hot", "it is hot"]


def test_no_take_begins_until_drift_is_accepted() -> None:
    bench = Bench(
        {1: Command.GO, 6: Command.ACCEPT, 12: Command.SAVE, 13: Command.QUIT},
        reset_time_s=0.2,
    )
    bench.rig.apart = DRIFT
    assert bench.run() == ["begin Grab", "save 5"]
    asked = f"{DRIFT} To record all the same, press a."
    assert bench.notices.sentences == [asked, asked, "The arms may move now, and takes may start."]


def test_nobody_is_there_to_accept_drift() -> None:
    bench = Bench({}, attended=False, reset_time_s=0.0, catch_up_s=0.5)
    bench.rig.apart = DRIFT
    assert bench.run() == []
    assert bench.session.failure == f"{DRIFT} To record all the same, give --accept-drift."
    assert 5 <= bench.rig.observed.tick.index <= 7  # ticks of 0.1 s


def test_a_leader_that_comes_in_time_is_waited_for_by_nobody() -> None:
    bench = Bench({}, attended=False, reset_time_s=0.0, episodes=1, episode_time_s=0.5)
    bench.rig.apart = DRIFT
    bench.rig.agrees_after = 4
    assert bench.run() == ["begin Grab", "save 5"]
    assert bench.session.failure is None


def test_the_session_ends_with_the_last_wanted_episode() -> None:
    bench = Bench({}, episodes=2, episode_time_s=0.5, reset_time_s=0.3)
    assert bench.run() == ["begin Grab", "save 5", "begin Grab", "save 5"]
    assert bench.session.saved == 2


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        (Command.SAVE, "save 2"),
        (Command.DISCARD, "discard 2"),
        (Command.LEAVE, "leave 2"),
        (Command.QUIT, "leave 2"),
    ],
)
def test_quitting_in_a_take_asks_and_records_no_more(answer: Command, ending: str) -> None:
    bench = Bench({0: Command.GO, 2: Command.QUIT, 6: Command.PAUSE, 8: answer})
    assert bench.run() == ["begin Grab", ending]
    assert bench.script.phases == [Phase.RESETTING, Phase.RECORDING, Phase.ASKING, Phase.DONE]


@pytest.mark.parametrize(
    ("answer", "ending", "told"),
    [
        (Command.GO, "save 2", []),
        (Command.REDO, "discard 2", ["The take of 0.2 s was discarded."]),
    ],
)
def test_the_question_about_quitting_has_a_way_back_into_the_session(
    answer: Command, ending: str, told: list[str]
) -> None:
    bench = Bench({0: Command.GO, 2: Command.QUIT, 6: answer, 8: Command.GO, 11: Command.SAVE})
    assert bench.run(ticks=20) == ["begin Grab", ending, "begin Grab", "save 3"]
    assert bench.session.phase is Phase.RESETTING
    assert bench.notices.sentences == told
    assert bench.session.saves == (2 if answer is Command.GO else 1)


@pytest.mark.parametrize(
    ("answer", "ending", "then"),
    [
        (Command.SAVE, "save 2", Phase.RESETTING),
        (Command.DISCARD, "discard 2", Phase.RESETTING),
        (Command.REDO, "discard 2", Phase.RESETTING),
        (Command.STOP, "leave 2", Phase.DONE),
        (Command.GO, None, Phase.CONFIRMING),
        (Command.QUIT, None, Phase.ASKING),
    ],
)
def test_a_take_may_be_asked_about_before_it_is_saved(
    answer: Command, ending: str | None, then: Phase
) -> None:
    bench = Bench({0: Command.GO, 2: Command.CONFIRM, 6: answer})
    done = bench.run(ticks=8)
    assert done == ["begin Grab", *([ending] if ending else [])]
    assert bench.session.phase is then
    assert Phase.CONFIRMING in bench.script.phases


def test_a_key_saves_and_labels_and_labels_what_was_saved_last() -> None:
    bench = Bench(
        {
            0: Command.SUCCEED,
            1: Command.GO,
            5: Command.SUCCEED,
            6: Command.FAIL,
            8: Command.GO,
            12: Command.FAIL,
            14: Command.QUIT,
        }
    )
    saved = ["begin Grab", "save 4", "judge True", "judge False"]
    assert bench.run() == [*saved, "begin Grab", "save 4", "judge False"]
    assert bench.session.judging.judged == {0: False, 1: False}
    assert bench.notices.sentences == [
        "No take has been saved yet that could be labelled.",
        "Episode 0 is labelled a success.",
        "Episode 0 is labelled a failure.",
        "Episode 1 is labelled a failure.",
    ]


def test_what_a_simulator_finds_is_said_where_nobody_else_has_said_anything() -> None:
    found = {2: Command.FOUND_DONE, 9: Command.FOUND_UNDONE, 16: Command.FOUND_UNDONE}
    takes = {0: Command.GO, 4: Command.SAVE, 6: Command.GO, 8: Command.REDO, 10: Command.GO}
    bench = Bench(takes | found | {14: Command.SUCCEED, 20: Command.QUIT})
    bench.run()
    assert [each for each in bench.takes.done if "judge" in each] == ["judge True"]
    assert bench.session.judging.judged == {1: True}
    bench.session.assume(False)
    assert bench.session.judging.judged == {1: True}


def test_an_episode_done_again_is_not_judged_by_what_was_said_of_the_one_before() -> None:
    takes = {0: Command.GO, 4: Command.FAIL, 6: Command.REDO, 7: Command.GO, 10: Command.SAVE}
    bench = Bench(takes | {12: Command.QUIT})
    bench.run()
    assert bench.session.judging.judged == {}
    bench.session.assume(True)
    assert bench.session.judging.judged == {0: True}


def reviewed(episode: int, verdict: Verdict) -> Saved:
    reason = Reason("blank", verdict, "A camera is black.")
    return Saved(episode, False, "Grab", 60, 2.0, 0, 0, (), 0.1, None, (reason,))


def with_verdicts(bench: Bench, ticks: int, at: Mapping[int, Saved]) -> Bench:
    """Run it; a verdict comes at each of these ticks."""

    def coming() -> Iterator[Tick]:
        for tick in grid(ticks):
            if tick.index in at:
                bench.takes.episodes_saved.append(at[tick.index])
            yield tick

    bench.session.run(coming())
    return bench


def test_a_take_beyond_repair_keeps_the_next_from_starting_by_itself() -> None:
    plan = {"gate": Gate.ASK, "reset_time_s": 0.4, "episode_time_s": 1.0}
    verdicts = {17: reviewed(0, Verdict.REDO)}
    kept = with_verdicts(Bench({40: Command.GO}, **plan), 60, verdicts)
    assert kept.takes.done == ["begin Grab", "save 10", "begin Grab", "save 10", "begin Grab"]
    assert kept.notices.sentences == ["Press r to do it again, or Enter to keep it."]
    again = with_verdicts(Bench({40: Command.REDO}, **plan), 60, verdicts)
    assert again.takes.done[:4] == ["begin Grab", "save 10", "begin Grab for 0", "save 10"]
    fine = with_verdicts(Bench({}, **plan), 30, {17: reviewed(0, Verdict.LOOK)})
    assert fine.takes.done[:4] == ["begin Grab", "save 10", "begin Grab", "save 10"]


@pytest.mark.parametrize(
    ("answer", "then"),
    [(Command.GO, []), (Command.REDO, ["begin Grab for 0", "save 10"])],
)
def test_the_last_take_may_be_done_again_before_the_session_ends(
    answer: Command, then: list[str]
) -> None:
    plan = {"gate": Gate.ASK, "episode_time_s": 1.0, "episodes": 1, "reset_time_s": 0.4}
    bench = with_verdicts(
        Bench({0: Command.GO, 30: answer}, **plan), 200, {13: reviewed(0, Verdict.REDO)}
    )
    assert bench.takes.done == ["begin Grab", "save 10", *then]
    assert bench.session.phase is Phase.DONE


def test_unattended_a_take_beyond_repair_is_done_again_and_no_more_than_twice() -> None:
    plan = {"gate": Gate.AUTO, "episode_time_s": 1.0, "episodes": 1, "attended": False}
    verdicts = {tick: reviewed(0, Verdict.REDO) for tick in (13, 27, 41)}
    bench = with_verdicts(Bench({}, **plan, reset_time_s=0.0), 200, verdicts)
    again = ["begin Grab for 0", "save 10"]
    assert bench.takes.done == ["begin Grab", "save 10", *again, *again]
    assert bench.notices.sentences[-1] == "It was done again 2 times already and is kept."
    assert bench.session.phase is Phase.DONE


@pytest.mark.parametrize("gate", [Gate.ASK, Gate.AUTO])
@pytest.mark.parametrize("verdict", [None, Verdict.KEEP])
def test_unattended_no_session_waits_for_a_verdict_for_ever(
    gate: Gate, verdict: Verdict | None
) -> None:
    plan = {"gate": gate, "episode_time_s": 1.0, "episodes": 2, "attended": False}
    verdicts = {} if verdict is None else {14: reviewed(0, verdict), 29: reviewed(1, verdict)}
    bench = with_verdicts(Bench({}, **plan, reset_time_s=0.0), 200, verdicts)
    assert bench.takes.done == ["begin Grab", "save 10"] * 2
    assert bench.session.phase is Phase.DONE
    assert bench.session.failure is None


def test_the_end_is_told() -> None:
    bench = Bench({0: Command.GO, 4: Command.SAVE, 6: Command.QUIT})
    bench.run()
    assert bench.notices.phases[-1] is Phase.DONE


@pytest.mark.parametrize("at", [1, 5, 9])
def test_a_signal_stops_and_leaves_the_running_take_to_salvage(at: int) -> None:
    bench = Bench({3: Command.GO, at: Command.STOP} | ({7: Command.PAUSE} if at == 9 else {}))
    done = bench.run()
    assert bench.session.phase is Phase.DONE
    assert done == ([] if at == 1 else ["begin Grab", f"leave {at - 3}"])


def test_pause_stops_the_clock_of_the_reset() -> None:
    bench = Bench({1: Command.PAUSE, 20: Command.PAUSE, 40: Command.QUIT}, reset_time_s=0.5)
    bench.run()
    assert bench.takes.done[0] == "begin Grab"
    assert bench.takes.sinks[0].rows[0]["state"][0] == 26


@pytest.mark.parametrize(
    ("commands", "plan", "notices"),
    [
        ({0: Command.GO}, {}, 1),
        ({0: Command.GO, 3: Command.GO}, {}, 2),
        ({}, {"reset_time_s": 0.0}, 1),
    ],
)
def test_a_take_asked_for_begins_when_the_follower_has_caught_up(
    commands: dict[int, Command], plan: dict[str, float], notices: int
) -> None:
    bench = Bench(commands | {20: Command.SAVE, 21: Command.QUIT}, **plan)

    def catching_up() -> Iterator[Tick]:
        for tick in grid(100):
            bench.rig.arrived = tick.index >= 10
            yield tick

    bench.session.run(catching_up())
    assert bench.takes.done == ["begin Grab", "save 10"]
    assert bench.takes.sinks[0].rows[0]["state"][0] == 11
    assert (
        bench.notices.sentences
        == ["The take starts as soon as the follower has caught up with the leader."] * notices
    )


@pytest.mark.parametrize("taken_back", [Command.PAUSE, Command.QUIT])
def test_a_take_asked_for_too_early_can_be_taken_back(taken_back: Command) -> None:
    bench = Bench({0: Command.GO, 5: taken_back, 20: Command.PAUSE, 40: Command.QUIT})

    def catching_up() -> Iterator[Tick]:
        for tick in grid(100):
            bench.rig.arrived = tick.index >= 10
            yield tick

    bench.session.run(catching_up())
    assert bench.takes.done == []


def test_a_session_that_only_drives_holds_and_goes_on_and_begins_no_take() -> None:
    asked = {1: Command.GO, 3: Command.HOLD, 5: Command.GO, 6: Command.RESUME, 8: Command.QUIT}
    bench = Bench(asked, between=Phase.DRIVING)
    bench.takes.why_not = "Nothing is recorded."
    assert bench.run() == []
    assert bench.notices.sentences == ["Nothing is recorded."]
    assert bench.rig.asked == ["hold", "resume"]
    assert bench.script.phases == [Phase.DRIVING, Phase.HOLDING, Phase.DRIVING, Phase.DONE]


@pytest.mark.parametrize("between", [Phase.RESETTING, Phase.DRIVING])
def test_whoever_drives_is_told_who_takes_over_and_a_take_goes_on_meanwhile(between: Phase) -> None:
    asked = {2: Command.TAKE_OVER, 4: Command.HOLD, 6: Command.RESUME, 8: Command.QUIT}
    bench = Bench({0: Command.GO, **asked, 9: Command.SAVE}, between=between)
    if between is Phase.DRIVING:
        bench.takes.why_not = "Nothing is recorded."
    done = bench.run()
    assert bench.rig.asked == ["take over", "hold", "resume"]
    assert done == (["begin Grab", "save 8"] if between is Phase.RESETTING else [])


def test_a_session_that_only_drives_ends_when_the_task_is_done_or_its_time_is_over() -> None:
    done = Bench({7: Command.SAVE}, between=Phase.DRIVING)
    done.run()
    assert (done.session.phase, done.session.failure, done.script.polls) == (Phase.DONE, None, 8)
    timed = Bench({}, between=Phase.DRIVING, episode_time_s=2.0)
    timed.run()
    assert timed.session.phase is Phase.DONE
    assert timed.script.polls == 2 * FPS + 1


@pytest.mark.parametrize("ends", [Command.QUIT, Command.STOP])
@pytest.mark.parametrize("first", [[], [Command.HOLD]])
def test_a_session_that_only_drives_ends_at_once_also_while_it_holds(
    first: list[Command], ends: Command
) -> None:
    bench = Bench(dict(enumerate([*first, ends])), between=Phase.DRIVING)
    bench.run()
    assert bench.script.polls == len(first) + 1
    assert bench.session.phase is Phase.DONE


def test_an_obstacle_is_told_instead_of_beginning() -> None:
    bench = Bench({0: Command.GO, 1: Command.QUIT})
    bench.takes.why_not = "The disk is full."
    assert bench.run() == []
    assert bench.notices.sentences == ["The disk is full."]


def test_a_take_of_one_row_is_not_kept() -> None:
    bench = Bench({0: Command.GO, 1: Command.SAVE, 2: Command.QUIT})
    assert bench.run() == ["begin Grab", "discard 1"]
    assert bench.session.saved == 0
    assert "two frames" in bench.notices.sentences[0]


@pytest.mark.parametrize("attended", [True, False])
def test_a_device_that_fails_ends_the_take_and_keeps_it(attended: bool) -> None:
    bench = Bench({0: Command.GO, 60: Command.QUIT}, attended=attended)
    ticks = grid(100)

    def failing() -> Iterator[Tick]:
        for tick in ticks:
            bench.takes.sentence = "Camera front is gone." if tick.index in (10, 11) else None
            yield tick

    bench.session.run(failing())
    assert bench.takes.done == ["begin Grab", "leave 10"]
    assert (bench.rig.recoveries, bench.takes.recoveries) == ((1, 1) if attended else (0, 0))
    if attended:
        assert bench.script.phases[-2:] == [Phase.RESETTING, Phase.DONE]
        assert bench.session.failure is None
        assert bench.notices.sentences == [
            "Camera front is gone. The take of 1.0 s was ended and is kept for `lerecord recover`.",
            "The trouble is over: every device answers again.",
        ]
        assert bench.session.endings == [None]
    else:
        assert bench.session.failure is not None
        assert bench.session.failure.startswith("Camera front is gone.")


def test_trouble_lasts_until_it_is_over_and_is_told_once() -> None:
    bench = Bench({30: Command.QUIT})
    seen = []

    def failing() -> Iterator[Tick]:
        for tick in grid(40):
            silent_s = 0.5 + tick.index / 10
            bench.rig.sentence = f"Silent for {silent_s:.1f} s." if 5 <= tick.index < 20 else None
            yield tick
            seen.append(bench.session.trouble)

    bench.session.run(failing())
    assert seen[4:21] == [None, *(f"Silent for {1 + k / 10:.1f} s." for k in range(15)), None]
    assert bench.notices.sentences == [
        "Silent for 1.0 s.",
        "The trouble is over: every device answers again.",
    ]
    assert bench.rig.recoveries == 15


STALL = "The recorder stood still for 6.0 s."


@pytest.mark.parametrize("attended", [True, False])
@pytest.mark.parametrize("missed", [0, 58])  # a suspended machine has missed nothing
def test_a_loop_that_stood_still_ends_the_take_and_nothing_after_it_is_recorded(
    attended: bool, missed: int
) -> None:
    bench = Bench({0: Command.GO, 20: Command.QUIT}, attended=attended)

    def stopped() -> Iterator[Tick]:
        for tick in grid(40):
            bench.rig.interruption = STALL if tick.index == 5 else None
            yield Tick(tick.index, tick.due, tick.started, missed if tick.index == 5 else 0)

    bench.session.run(stopped())
    assert bench.takes.done == ["begin Grab", "leave 4"]
    assert [row["state"][0] for row in bench.takes.sinks[0].rows] == [1, 2, 3, 4]
    told = f"{STALL} The take of 0.4 s was ended and is kept for `lerecord recover`."
    assert bench.notices.sentences == [told]
    assert bench.session.failure == (None if attended else told)
    assert bench.script.phases[2:] == ([Phase.RESETTING] if attended else []) + [Phase.DONE]


@pytest.mark.parametrize("attended", [True, False])
def test_between_takes_a_loop_that_stood_still_is_only_told(attended: bool) -> None:
    bench = Bench({8: Command.GO, 12: Command.SAVE, 20: Command.QUIT}, attended=attended)

    def stopped() -> Iterator[Tick]:
        for tick in grid(40):
            bench.rig.interruption = STALL if tick.index == 5 else None
            yield tick

    bench.session.run(stopped())
    assert bench.takes.done == ["begin Grab", "save 4"]
    assert bench.notices.sentences == [STALL]
    assert bench.session.failure is None


def test_the_question_what_becomes_of_a_take_outlasts_a_stop() -> None:
    bench = Bench({0: Command.GO, 4: Command.QUIT, 9: Command.SAVE})

    def stopped() -> Iterator[Tick]:
        for tick in grid(40):
            bench.rig.interruption = STALL if tick.index == 6 else None
            yield tick

    bench.session.run(stopped())
    assert bench.takes.done == ["begin Grab", "save 4"]


@pytest.mark.parametrize("attended", [True, False])
def test_a_follower_that_never_arrives_is_not_waited_for_for_ever(attended: bool) -> None:
    bench = Bench({0: Command.GO, 60: Command.QUIT}, attended=attended, catch_up_s=3.0)
    bench.rig.arrived = False
    assert bench.run() == []
    reason = "The take did not start: elbow_flex is still 40.0 units away."
    assert bench.session.failure == (None if attended else reason)
    if attended:
        assert bench.notices.sentences[1:] == [reason]
        assert bench.script.phases[-2:] == [Phase.RESETTING, Phase.DONE]


def test_a_limit_that_holds_the_follower_back_is_told_when_the_take_begins() -> None:
    bench = Bench({0: Command.GO, 3: Command.SAVE, 4: Command.QUIT})
    bench.rig.beyond = "shoulder_lift is kept at most -40.0."
    assert bench.run() == ["begin Grab", "save 3"]
    assert bench.notices.sentences == [bench.rig.beyond]


def test_missed_slots_become_rows_and_are_counted() -> None:
    bench = Bench({0: Command.GO, 2: Command.SAVE, 3: Command.QUIT})
    ticks = [Tick(0, 0, 0, 0), Tick(1, 0.1, 0.1, 0), Tick(5, 0.5, 0.5, 3), Tick(6, 0.6, 0.6, 0)]
    bench.session.run(iter(ticks))
    assert bench.takes.done == ["begin Grab", "save 5"]
    assert bench.session.missed == 3


def test_redo_in_reset_lets_the_next_take_replace_the_one_just_saved() -> None:
    keys = [Command.GO, None, None, Command.SAVE] * 2
    script = [*keys, Command.REDO, *keys[:4], *keys[:4], Command.REDO, Command.REDO, *keys[:4]]
    bench = Bench(
        {i: command for i, command in enumerate([*script, Command.QUIT]) if command is not None}
    )
    begun = [each for each in bench.run() if each.startswith("begin")]
    assert begun == ["begin Grab", "begin Grab", "begin Grab for 1", "begin Grab", "begin Grab"]
    assert bench.session.saved == 4
    assert bench.notices.sentences == [
        "The next take replaces episode 1.",
        "The next take replaces episode 2.",
        "The next take does not replace episode 2.",
    ]


def test_there_is_nothing_to_redo_before_the_first_save() -> None:
    bench = Bench({0: Command.REDO, 1: Command.GO, 4: Command.SAVE, 5: Command.QUIT})
    assert bench.run() == ["begin Grab", "save 3"]
    assert "No take has been saved yet" in bench.notices.sentences[0]


def test_several_episodes_are_done_again_in_turn_each_with_its_task() -> None:
    wanted = (Wanted("Grab", 3), Wanted("Push", 7))
    bench = Bench({}, wanted=wanted, episodes=2, episode_time_s=0.3, reset_time_s=0.1)
    assert bench.run() == ["begin Grab for 3", "save 3", "begin Push for 7", "save 3"]
    assert bench.session.phase is Phase.DONE


def test_every_phase_but_the_last_can_be_left_by_a_signal() -> None:
    for phase in set(Phase) - {Phase.DONE}:
        assert TRANSITIONS[phase, Command.STOP][1] is Phase.DONE


@given(st.lists(st.sampled_from([*Command, None]), max_size=60))
def test_whatever_is_asked_every_take_ends_exactly_once(commands: list[Command | None]) -> None:
    script = {i: command for i, command in enumerate(commands) if command is not None}
    bench = Bench(script | {len(commands): Command.STOP, len(commands) + 1: Command.STOP})
    done = bench.run()
    assert bench.session.phase is Phase.DONE
    assert bench.session.take is None
    kinds = [each.split()[0] for each in done if not each.startswith("judge")]
    assert kinds[::2] == ["begin"] * (len(kinds) // 2)
    assert "begin" not in kinds[1::2]
    assert bench.session.saved == kinds.count("save")
