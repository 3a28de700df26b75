from itertools import islice

from lerecord.bringup import SerialPort, port_changes

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
