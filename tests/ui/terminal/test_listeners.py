from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

from lerecord.recording.session import Command, Phase, Session, TaskQueue
from lerecord.ui.snapshot import Snapshot
from lerecord.ui.terminal import Lines, Screen
from lerecord.ui.terminal.notice import Notice
from tests.recording.session.test_session import Bench, grid


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_notice_is_shown_for_some_seconds() -> None:
    clock = Clock()
    notice = Notice(clock)
    assert notice.during(Phase.RESETTING) == ""
    notice.say("The disk is full.")
    assert notice.during(Phase.RESETTING) == "The disk is full."
    clock.seconds += 5
    assert notice.during(Phase.RESETTING) == "The disk is full."
    clock.seconds += 5
    assert notice.during(Phase.RESETTING) == ""


def test_a_notice_belongs_to_the_phase_in_which_it_is_shown_first() -> None:
    notice = Notice(Clock())
    notice.say("The take starts as soon as the follower has caught up.")
    assert notice.during(Phase.CATCHING_UP) != ""
    assert notice.during(Phase.RECORDING) == ""
    assert notice.during(Phase.CATCHING_UP) != ""
    notice.say("The take was ended.")
    assert notice.during(Phase.RESETTING) == "The take was ended."


def test_without_a_screen_the_keys_of_each_phase_are_said() -> None:
    out = StringIO()
    lines = Lines(cast("Any", None), keys=True, out=out)
    plan = SimpleNamespace(rollout=False, taught=False)
    agenda = SimpleNamespace(queue=None)
    for phase, saves in (
        (Phase.RESETTING, 0),
        (Phase.RESETTING, 0),
        (Phase.ASKING, 0),
        (Phase.RESETTING, 1),
    ):
        session = SimpleNamespace(take=None, phase=phase, saves=saves, plan=plan, agenda=agenda)
        lines.tell(cast("Any", session), cast("Any", None))
    assert out.getvalue().splitlines() == [
        "resetting [Enter: start; p: pause; q: quit]",
        "asking [s: save, quit; d: discard, quit; l: quit, recover later; Enter: save, go on; "
        "r: redo, go on]",
        "resetting [Enter: start; r: redo the last; s/f: succeeded/failed; p: pause; q: quit]",
    ]


def test_a_screen_is_drawn_again_at_once_when_the_next_task_is_another() -> None:
    drawn: list[Snapshot] = []
    config = SimpleNamespace(fps=10, robot_type="koch", simulator=None, units="degrees")
    scene = SimpleNamespace(root=None, config=config, joints=("a.pos", "b.pos"))
    store = SimpleNamespace(next_episode=0, free_bytes=None, saving=0, views=lambda: ())
    painter = SimpleNamespace(refresh_s=1e9, show=drawn.append)
    screen = Screen(cast("Any", scene), cast("Any", store), painter, Clock())
    bench = Bench({2: Command.NEXT_TASK, 4: Command.STOP}, queue=TaskQueue({"Grab": 1, "Push": 1}))
    session = Session(bench.rig, bench.rig, bench.takes, bench.session.plan, [bench.script], screen)
    session.run(grid(9))
    assert [(each.phase, each.task) for each in drawn] == [
        (Phase.RESETTING, "Grab"),
        (Phase.RESETTING, "Push"),
        (Phase.DONE, "Push"),
    ]
    assert [each.queue is not None and each.queue.then for each in drawn] == [
        "Push",
        "Grab",
        "Grab",
    ]
