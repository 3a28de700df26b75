import json
from pathlib import Path

import pytest

from lerecord.simulator.messages import (
    CAMERA,
    EVENTS,
    Begin,
    CameraOpening,
    CameraUp,
    Command,
    Done,
    Event,
    Failed,
    Inject,
    InjectedFaults,
    JointTruth,
    Opening,
    Ready,
    SimulatedCamera,
    StagePhase,
    TellFaults,
    TellTruth,
    Truth,
    Up,
    command_message,
    command_of,
)

FRONT = SimulatedCamera("front", 640, 480, 30.0)
JOINT = {"pan": JointTruth(2048, 2050, torque=True)}

EVENT_LINES: list[tuple[Event, dict[str, object]]] = [
    (Up({"leader": "/dev/pts/3"}, {"front": "http://x"}), {"event": "up"}),
    (Ready(), {"event": "ready"}),
    (Done(box_on_target=True, box_to_target_m=0.01), {"event": "done", "box_on_target": True}),
    (Truth((0.1, 0.2, 0.0), (0.3, 0.1), False, JOINT, {}), {"event": "truth"}),
    (InjectedFaults({"leader": {"drop": 2}}, {"leader": 1}, {}), {"event": "faults"}),
    (Failed("no"), {"event": "error", "message": "no"}),
]


@pytest.mark.parametrize(("event", "part"), EVENT_LINES)
def test_an_event_comes_back_as_it_was(event: Event, part: dict[str, object]) -> None:
    line = json.loads(json.dumps(EVENTS.write(event)))
    assert part.items() <= line.items()
    assert EVENTS.read(line) == event


COMMAND_LINES: list[tuple[Command, str]] = [
    *((Begin(phase), f'{{"phase": "{phase}"}}') for phase in StagePhase),
    (Inject({"wire": []}), '{"faults": {"wire": []}}'),
    (Inject(None), '{"faults": null}'),
    (TellTruth(), '{"query": "truth"}'),
    (TellFaults(), '{"query": "faults"}'),
]


@pytest.mark.parametrize(("command", "line"), COMMAND_LINES)
def test_commands_are_the_documented_lines(command: Command, line: str) -> None:
    assert json.dumps(command_message(command)) == line
    assert command_of(line) == command


@pytest.mark.parametrize("line", ["x", "[]", "3", "{}", '{"phase": 3}', '{"query": "other"}'])
def test_a_line_that_says_nothing_known_is_no_command(line: str) -> None:
    assert command_of(line) is None


@pytest.mark.parametrize(
    "opening",
    [
        Opening(None, ()),
        Opening(3, (FRONT,), "so101", Path("/a/faults.toml"), Path("/a/log")),
    ],
)
def test_the_opening_comes_back_as_it_was(opening: Opening) -> None:
    assert Opening.from_line(json.dumps(opening.to_message())) == opening


@pytest.mark.parametrize("message", [CameraOpening(FRONT, 3, 7), CameraUp("http://x", 0.002)])
def test_a_camera_and_its_process_understand_each_other(message: object) -> None:
    assert CAMERA.read(json.loads(json.dumps(CAMERA.write(message)))) == message
