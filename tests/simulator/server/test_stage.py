import pytest

from lerecord.simulator.dynamixel import PING
from lerecord.simulator.dynamixel.packets import encode
from lerecord.simulator.messages import Done, Ready, StagePhase
from lerecord.simulator.rigs import JOINTS, REST, koch
from lerecord.simulator.scene.demonstrator import HOME
from lerecord.simulator.scene.world import TARGET
from lerecord.simulator.server.stage import (
    CORRECT,
    IDLE,
    RECORD,
    RESET,
    WATCH,
    SightWire,
    Stage,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Set:
    """A stage whose time a test moves."""

    def __init__(self, seed: int = 0) -> None:
        self.clock = Clock()
        self.stage = Stage(seed, self.clock)

    def wait(self, seconds: float) -> Ready | Done | None:
        self.clock.now += seconds
        return self.stage.poll()

    def leader(self) -> dict[str, int]:
        return {name: joint.position for name, joint in self.stage.truth().leader.items()}


def test_reset_puts_the_box_elsewhere_and_brings_the_leader_home() -> None:
    set_ = Set()
    before = set_.stage.truth()
    set_.stage.begin(RESET)
    assert set_.stage.until_over() == pytest.approx(1.5)
    assert set_.wait(1.4) is None
    assert set_.wait(0.2) == Ready()
    assert set_.wait(10.0) is None  # told once
    assert set_.stage.until_over() is None
    assert set_.stage.truth().box != before.box
    moved = set_.leader()
    assert moved["shoulder_lift"] != before.leader["shoulder_lift"].position


def test_record_is_done_when_the_hand_is_and_the_box_has_settled() -> None:
    set_ = Set()
    set_.stage.begin(RECORD)
    length = set_.stage.until_over()
    assert length is not None
    assert 6.0 < length < 8.5
    assert set_.wait(length - 0.3) is None
    still = set_.leader()  # the hand is through and trembles: only the box may still move
    assert set_.wait(0.29) is None
    assert set_.leader() == pytest.approx(still, abs=12)  # counts
    done = set_.wait(0.02)
    assert isinstance(done, Done)
    assert not done.box_on_target  # nobody drove the follower
    assert done.box_to_target_m > 0.05


def test_idle_keeps_the_leader_where_it_is() -> None:
    set_ = Set()
    set_.stage.begin(RECORD)
    set_.wait(1.0)
    set_.stage.begin(IDLE)
    held = set_.leader()
    assert set_.stage.until_over() is None
    assert set_.wait(20.0) is None
    assert set_.leader() == held


def test_a_task_that_is_watched_is_done_once_the_box_has_lain_on_the_target() -> None:
    set_ = Set()
    set_.stage.begin(WATCH)
    held = set_.leader()
    assert [set_.wait(0.1) for _ in range(20)] == [None] * 20
    set_.stage._world.box.put(*TARGET, 0.0)
    events = [set_.wait(0.11) for _ in range(6)]
    assert events[:3] == [None] * 3
    done = next(event for event in events if event is not None)
    assert isinstance(done, Done)
    assert done.box_on_target
    assert set_.leader() == held


def test_a_correction_brings_the_leader_to_the_follower_waits_and_does_the_task() -> None:
    set_ = Set()
    set_.stage.begin(RESET)
    set_.wait(2.0)
    set_.stage.begin(CORRECT)
    held = set_.leader()
    assert set_.wait(0.51) is None  # the follower has come to where it holds
    assert set_.leader() == held
    length = set_.stage.until_over()
    assert length is not None
    assert 7.8 < length < 10.3
    apart = []
    for _ in range(3):
        set_.wait(0.6)
        set_.stage.truth()  # the world comes to now
        world = set_.stage._world
        poses = zip(world.leader.pose(), world.follower.pose(), strict=True)
        apart.append(max(abs(leader - follower) for leader, follower in list(poses)[:5]))
    assert apart[0] > 0.1
    assert apart[1] < 0.01
    assert apart[2] < 0.01
    assert isinstance(set_.wait(length), Done)


def test_a_new_phase_takes_over_without_a_jump() -> None:
    set_ = Set()
    set_.stage.begin(RECORD)
    set_.wait(2.0)
    before = set_.leader()
    set_.stage.begin(RESET)
    assert set_.leader() == before
    assert set_.wait(2.0) == Ready()


def test_a_box_out_of_reach_is_put_back_first() -> None:
    set_ = Set()
    set_.stage._world.box.put(2.0, 0.0, 0.0)
    set_.stage.begin(RECORD)
    assert set_.stage.truth().box[0] < 0.3


def test_each_request_is_logged_with_what_the_encoders_read() -> None:
    clock, lines = Clock(), list[str]()
    stage = Stage(0, clock, log=lines.append)
    stage.begin(RECORD)
    for arm, elapsed_s in (("leader", 0.0), ("follower", 0.5), ("leader", 0.5)):
        clock.now += elapsed_s
        stage.buses()[arm].feed(encode(1, PING), clock.now)
    now = stage.truth()
    logged = [line.split() for line in lines]
    assert [(float(line[0]), line[1]) for line in logged] == [
        (100.0, "leader"),
        (100.5, "follower"),
        (101.0, "leader"),
    ]
    assert [int(count) for count in logged[2][2:]] == [j.position for j in now.leader.values()]
    assert logged[0][2:] != logged[2][2:]


def test_a_seed_repeats_everything() -> None:
    def story(seed: int) -> list[tuple[float, ...]]:
        set_, told = Set(seed), list[tuple[float, ...]]()
        for phase in (RESET, RECORD, RESET):
            set_.stage.begin(phase)
            for _ in range(5):
                set_.wait(0.25)
                told += [set_.stage.truth().box, tuple(set_.leader().values())]
        return told

    assert story(4) == story(4)
    assert story(4) != story(5)


def test_a_bus_answers_from_a_world_that_has_come_to_now() -> None:
    set_ = Set()
    wire = set_.stage.buses()["leader"]
    set_.stage.begin(RESET)

    def shoulder_lift() -> int:
        assert wire.feed(encode(2, 0x02, bytes([132, 0, 4, 0])), set_.clock.now) == b""
        reply = wire.late(set_.clock.now + 0.0005)  # as new servos delay their replies
        return int.from_bytes(reply[9:13], "little", signed=True)

    before = shoulder_lift()
    set_.clock.now += 1.5
    turned = (HOME[1] - REST[1]) * koch.COUNTS_PER_RADIAN
    assert shoulder_lift() - before == pytest.approx(turned, abs=1.0)


def test_sight_is_the_world_now_and_one_record_a_byte() -> None:
    set_ = Set()
    sight = set_.stage.sight()
    assert sight.now == 100.0
    assert sight.pan == set_.stage.truth().follower["shoulder_pan"].position
    assert sight.scene.follower == pytest.approx(REST)
    assert SightWire(set_.stage, "front").feed(b"??", 100.0) == set_.stage.sight().pack() * 2


def test_truth_names_every_joint_and_the_target() -> None:
    truth = Set().stage.truth()
    assert tuple(truth.leader) == tuple(truth.follower) == JOINTS
    assert truth.target == TARGET
    assert set(StagePhase) == {"idle", "reset", "record", "watch", "correct", "guide", "again"}
