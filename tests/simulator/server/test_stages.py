from typing import Any

import pytest

from lerecord.errors import ConfigError
from lerecord.simulator.faults import Rules, parse
from lerecord.simulator.messages import Done, Ready, StagePhase
from lerecord.simulator.server.stages import Stages


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def now(self) -> float:
        return self.s


class Bench:
    def __init__(self, *pairs: str, rules: Rules | None = None, log: Any = None) -> None:
        self.clock = Clock()
        given = Rules() if rules is None else rules
        self.stages = Stages(pairs, 1, self.clock.now, given, log, "koch")

    def wait_for(self, kind: type) -> Any:
        seen = []
        for _ in range(3000):
            self.clock.s += 0.01
            if (event := self.stages.poll()) is not None:
                seen.append(event)
        assert [type(event) for event in seen] == [kind]
        return seen[0]


@pytest.fixture
def two() -> Bench:
    return Bench("left", "right")


def test_each_pair_has_its_arms_and_its_world(two: Bench) -> None:
    assert list(two.stages.buses()) == [
        "left_leader",
        "left_follower",
        "right_leader",
        "right_follower",
    ]
    assert list(Bench("").stages.buses()) == ["leader", "follower"]
    left, right = (two.stages.sight(f"{pair}_front").stage.truth() for pair in ("left", "right"))
    assert left.box != right.box
    truth = two.stages.truth()
    assert truth.box == left.box
    assert len(truth.leader) == len(truth.follower) == 12


def test_a_phase_is_over_once_and_when_it_is_over_for_all(two: Bench) -> None:
    assert two.stages.until_over() is None
    two.stages.begin(StagePhase.RESET)
    assert two.stages.until_over() is not None
    assert isinstance(two.wait_for(Ready), Ready)
    two.stages.begin(StagePhase.RECORD)
    done = two.wait_for(Done)
    assert not done.box_on_target  # nobody followed
    assert done.box_to_target_m > 0.03


def test_a_fault_befalls_the_arm_that_it_names() -> None:
    rule = {"arm": "right_follower", "id": 3, "fault": "overload"}
    stall = {"name": "right_wrist", "fault": "stall"}
    bench = Bench("left", "right", rules=parse({"servo": [rule], "camera": [stall]}))
    for wire in bench.stages.buses().values():
        wire.feed(b"", 0.0)  # the clock of the rules begins
    bench.clock.s += 0.1
    faults = [
        bench.stages.sight(f"{pair}_wrist").stage.sight("wrist") for pair in ("left", "right")
    ]
    assert [sight.fault.name for sight in faults] == ["NONE", "STALL"]
    assert bench.stages.injected().counts == {
        "right_follower": {"overload": 1},
        "right_wrist": {"stall": 1},
    }
    bench.stages.inject(parse({"servo": [{**rule, "arm": "left_leader"}]}))
    assert bench.stages.injected().counts["left_leader"] == {"overload": 1}


@pytest.mark.parametrize(("pairs", "arm"), [(("",), "left_leader"), (("left", "right"), "leader")])
def test_a_fault_of_an_arm_that_is_not_there_is_refused(pairs: tuple[str, ...], arm: str) -> None:
    rules = parse({"servo": [{"arm": arm, "id": 1, "fault": "reboot"}]})
    with pytest.raises(ConfigError, match=f"'{arm}', which this rig has not"):
        Bench(*pairs, rules=rules)
    bench = Bench(*pairs)
    with pytest.raises(ConfigError, match="which this rig has not"):
        bench.stages.inject(rules)


def test_the_log_names_the_arm_with_its_pair() -> None:
    lines: list[str] = []
    bench = Bench("left", "right", log=lines.append)
    wire = bench.stages.buses()["right_leader"]
    wire.feed(b"", 2.5)
    assert lines[0].startswith("2.5 right_leader ")
