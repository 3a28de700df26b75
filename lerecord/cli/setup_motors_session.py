"""What `lerecord setup-motors` does, one servo after the other."""

import sys
from collections.abc import Sequence
from functools import partial

from lerecord import drivers
from lerecord.arms import ArmDriver
from lerecord.bringup import lone_servo, set_up
from lerecord.cli.group import refuse
from lerecord.cli.output import Output
from lerecord.cli.typed_lines import TypedLines
from lerecord.counted import counted
from lerecord.errors import DeviceError
from lerecord.motors import Motor, WaitingPort
from lerecord.printable import print_folded, print_line

_BROKEN_OFF = "Stopped; the servos that were set up so far keep their ids."


def set_up_each(
    kind: tuple[str, str], port: str, joints: Sequence[str] | None, output: Output
) -> None:
    """Set up the servos of an arm as a person plugs them in, the gripper's first.

    Raises:
        LerecordError: it was broken off, or the port cannot be used.
    """
    driver = _driver(*kind)
    motors = _chosen(driver, joints)
    lines = TypedLines(_BROKEN_OFF)
    for at, motor in enumerate(motors, 1):
        _set_up(motor, port, lines, f"{at} of {len(motors)}")
    count, all_ = len(motors), len(driver.motors)
    done = [
        f"All {all_} servos are set up. Connect them, then:"
        if count == all_
        else f"{counted(count, 'servo')} of {all_} set up. Once all are, connect them, then:",
        f"  lerecord calibrate {kind[1]} --hardware NAME",
    ]
    output.result({"port": port, "set_up": {motor.name: motor.id for motor in motors}}, done)


def _set_up(motor: Motor, port: str, lines: TypedLines, progress: str) -> None:
    """Ask until the right servo is plugged in alone."""
    while True:
        lines.ask(f"Plug in only the {motor.name} servo ({progress}), then press Enter (q quits).")
        try:
            opened = partial(WaitingPort, port)
            changed = set_up(opened, lone_servo(opened, motor), motor)
        except DeviceError as error:
            print_folded(str(error), sys.stderr)
            continue
        has = "now has" if changed else "already had"
        print_line(f"The {motor.name} servo {has} id {motor.id}.", sys.stderr)
        return


def _driver(kind: str, role: str) -> ArmDriver:
    if role not in ("leader", "follower"):
        refuse(f"An arm is a leader or a follower, not {role!r}.")
    driver: ArmDriver = getattr(drivers.load("arms", kind), role.capitalize())
    return driver


def _chosen(driver: ArmDriver, joints: Sequence[str] | None) -> list[Motor]:
    """Those of the joints, from the end of the arm to its base, as LeRobot goes about it."""
    names = [motor.name for motor in driver.motors]
    for joint in joints or ():
        if joint not in names:
            refuse(f"There is no joint {joint!r}; the arm has {', '.join(names)}.")
    return [motor for motor in reversed(driver.motors) if not joints or motor.name in joints]
