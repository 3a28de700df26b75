import time
from collections import Counter
from itertools import islice

from lerecord.bringup import SerialPort, answering, port_changes
from lerecord.simulator.dynamixel import Bus
from lerecord.simulator.ports import Ports
from lerecord.simulator.rigs import koch

LEADER, FOLLOWER = (SerialPort(f"/dev/ttyACM{n}", f"/dev/ttyACM{n}", "") for n in range(2))
NAMED = SerialPort(FOLLOWER.device, "/dev/serial/by-id/usb-FOLLOWER", "QinHeng USB Serial")


def test_ports_are_told_as_they_come_and_go_by_their_stable_names() -> None:
    seen = iter([[LEADER], [LEADER, FOLLOWER], [LEADER, NAMED], [NAMED], [NAMED]])
    slept: list[float] = []
    changes = list(islice(port_changes([LEADER], lambda: next(seen), slept.append), 2))
    assert [(change.port, change.is_plugged_in) for change in changes] == [
        (NAMED, True),
        (LEADER, False),
    ]
    assert len(slept) == 4


def test_swapped_plugs_are_two_changes() -> None:
    seen = iter([[FOLLOWER], [FOLLOWER]])
    changes = list(islice(port_changes([LEADER], lambda: next(seen), lambda _: None), 2))
    assert [(change.port, change.is_plugged_in) for change in changes] == [
        (LEADER, False),
        (FOLLOWER, True),
    ]


def test_a_servo_that_is_silent_once_belongs_to_its_arm_all_the_same() -> None:
    asked: Counter[int] = Counter()
    silent_at = {3: 1, 5: 2}  # where it is looked for; where its model is asked for

    def hears(servo: int, _instruction: int) -> bool:
        asked[servo] += 1
        return silent_at.get(servo) != asked[servo]

    ports = Ports(time.monotonic)
    port = ports.add_terminal(Bus(koch.follower().servos, hears))
    with ports:
        found = next(answering(port))
    assert (found.arms, found.unclear) == (("koch follower",), ())
