import json
import os
from pathlib import Path
from typing import Any

import pytest

from lerecord.errors import ConfigError
from lerecord.simulator.messages import EVENTS, Event, SimulatedCamera
from lerecord.simulator.server.process import Lines, Script, parse_config
from lerecord.simulator.server.stage import Stage

CAMERA = {"width": 640, "height": 480, "fps": 30}


def config(**cameras: dict[str, Any]) -> str:
    return json.dumps({"seed": 7, "cameras": cameras})


def test_the_first_line() -> None:
    parsed = parse_config(config(front=CAMERA, wrist={"width": 320, "height": 240, "fps": 15}))
    assert parsed.seed == 7
    assert parsed.cameras == (
        SimulatedCamera("front", 640, 480, 30.0),
        SimulatedCamera("wrist", 320, 240, 15.0),
    )


def test_no_seed_draws_a_new_one() -> None:
    line = '{"seed": null, "cameras": {}}'
    assert parse_config(line).seed != parse_config(line).seed


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "cannot use its first line"),
        ("[]", "cannot use its first line"),
        ('{"seed": 1}', "cannot use its first line"),
        ('{"seed": 1, "cameras": {"front": {"width": 640}}}', "cannot use its first line"),
        ('{"seed": "x", "cameras": {}}', "cannot use its first line"),
        (config(top=CAMERA), "no camera 'top'; it has front and wrist"),
        (config(front=CAMERA | {"width": 20}), "at least 80x80"),
        (config(front=CAMERA | {"fps": 0}), "a rate"),
    ],
)
def test_a_first_line_that_does_not_do_is_refused_in_one_sentence(line: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_config(line)


def test_lines_come_whole_and_the_end_is_told() -> None:
    reader, writer = os.pipe()
    lines = Lines(reader)
    os.write(writer, b'{"a": 1}\n{"b"')
    assert list(lines.read(1.0)) == ['{"a": 1}']
    os.write(writer, b": 2}\n")
    assert list(lines.read(1.0)) == ['{"b": 2}']
    assert list(lines.read(0.0)) == []
    assert not lines.ended
    os.close(writer)
    assert list(lines.read(1.0)) == []
    assert lines.ended
    os.close(reader)


class Told:
    def __init__(self, loop: bool) -> None:
        self.now = 0.0
        self.events: list[dict[str, Any]] = []
        self.stage = Stage(3, lambda: self.now)
        self.script = Script(self.stage, self.tell, loop, lambda: self.now)

    def tell(self, event: Event) -> None:
        self.events.append(EVENTS.write(event))

    def step(self, seconds: float) -> None:
        self.now += seconds
        self.script.step()


def test_commands_and_their_events() -> None:
    told = Told(loop=False)
    assert told.script.wait_s() is None
    told.script.obey('{"phase": "reset"}')
    assert told.script.wait_s() == pytest.approx(1.5)
    told.step(1.6)
    told.script.obey('{"phase": "record"}')
    told.step(5.0)
    told.step(5.0)
    told.script.obey('{"query": "truth"}')
    assert [event["event"] for event in told.events] == ["ready", "done", "truth"]
    assert set(told.events[1]) == {"event", "box_on_target", "box_to_target_m"}
    assert set(told.events[2]["follower"]["gripper"]) == {"position", "goal", "torque"}
    json.dumps(told.events)
    told.step(100.0)
    assert len(told.events) == 3


def test_an_unknown_line_is_named_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(loop=False)
    unknown = ["nonsense", "[1]", '{"phase": "dance"}', '{"phase": ["reset"]}', "{}"]
    for line in unknown:
        told.script.obey(line)
    assert told.events == []
    assert told.script.wait_s() is None
    complaints = capsys.readouterr().err.splitlines()
    assert len(complaints) == len(unknown)
    assert all(repr(line) in said for line, said in zip(unknown, complaints, strict=True))


def test_faults_of_a_line_are_injected_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(loop=False)
    told.script.obey('{"faults": {"servo": [{"arm": "leader", "id": 1, "fault": "overload"}]}}')
    told.script.obey('{"faults": {"servos": []}}')
    told.script.obey('{"query": "faults"}')
    assert told.events == [
        {
            "event": "faults",
            "counts": {"leader": {"overload": 1}},
            "spoiled": {},
            "noise_bytes": {},
        }
    ]
    drop = '{"faults": {"port": [{"arm": "leader", "fault": "unplug", "at_s": 5}]}}'
    told.script.obey(drop)
    leader = told.stage.buses()["leader"]
    assert leader.wait_s(told.now) == 5.0
    told.script.obey('{"faults": null}')
    assert leader.wait_s(told.now) is None
    assert told.stage.injected().counts == {"leader": {"overload": 1}}
    assert "unknown key 'servos'" in capsys.readouterr().err


def test_the_first_line_names_a_file_of_faults_and_a_log(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text("seed = 5", encoding="utf-8")
    more = {"faults": str(faults), "log": str(tmp_path / "log")}
    parsed = parse_config(json.dumps({"seed": 7, "cameras": {}, **more}))
    assert parsed.faults.seed == 5
    assert parsed.log == tmp_path / "log"
    faults.write_text("sed = 5", encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown key 'sed' at the top level; did you mean"):
        parse_config(json.dumps({"seed": 7, "cameras": {}, **more}))


def test_alone_it_goes_on_without_end() -> None:
    told = Told(loop=True)
    for _ in range(400):
        wait = told.script.wait_s()
        assert wait is not None
        told.step(min(wait, 0.1))
    names = [event["event"] for event in told.events]
    assert names[:5] == ["ready", "done", "ready", "done", "ready"]
