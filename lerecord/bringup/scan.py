"""What is plugged into the serial ports, and which servos and which arm answer there."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from lerecord import drivers
from lerecord.arms import ArmDriver, servo_registers
from lerecord.bringup.makes import MAKES, Make, model_named
from lerecord.errors import LerecordError
from lerecord.motors import BusError, Motor, WaitingPort

USUAL_IDS = range(1, 13)
ALL_IDS = range(1, 253)
_USUAL_BAUD = 1_000_000
_LOOK_S = 0.5
_BY_ID = Path("/dev/serial/by-id")


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port of this computer.

    Attributes:
        device: such as /dev/ttyACM0, which changes from one plugging to the next.
        stable: the path that stays, below /dev/serial/by-id; the device where there is none.
        adapter: what its USB adapter says it is; empty when it says nothing.
    """

    device: str
    stable: str
    adapter: str


@dataclass(frozen=True, slots=True)
class FoundServo:
    """A servo that answers.

    Attributes:
        id: under which it does.
        number: of its model.
        model: its name; None for one that is not known.
    """

    id: int
    number: int
    model: str | None


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers on a port at one speed.

    Attributes:
        make: of the servos.
        baud: bits a second.
        servos: by rising id.
        unclear: ids under which something answers that cannot be read, such as two servos.
        arms: drivers and roles whose servos these are: "koch follower".
    """

    make: str
    baud: int
    servos: tuple[FoundServo, ...]
    unclear: tuple[int, ...]
    arms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """How servos are looked for.

    Attributes:
        ids: that are asked.
        every_baud: also at the speeds at which servos rarely are.
    """

    ids: Sequence[int] = USUAL_IDS
    every_baud: bool = False

    def bauds(self, make: Make) -> Sequence[int]:
        """The speeds at which servos of a make are looked for, the likeliest first."""
        usual = dict.fromkeys((_USUAL_BAUD, make.fresh_baud))
        return list(usual | dict.fromkeys(make.bauds.values() if self.every_baud else ()))


def serial_ports(by_id: Path = _BY_ID) -> list[SerialPort]:
    """The ports with a USB adapter, by stable name."""
    stable = _stable_names(by_id)
    found = [
        SerialPort(each.device, stable.get(each.device, each.device), _adapter(each))
        for each in list_ports.comports()
        if each.vid is not None
    ]
    return sorted(found, key=lambda port: port.stable)


@dataclass(frozen=True, slots=True)
class PortChange:
    """A port that came or went.

    Attributes:
        port: which one.
        is_plugged_in: it came.
    """

    port: SerialPort
    is_plugged_in: bool


def port_changes(
    before: Sequence[SerialPort],
    look: Callable[[], Sequence[SerialPort]],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[PortChange]:
    """What is plugged in and unplugged; it never ends by itself.

    Args:
        before: the ports that were there at first.
        look: those that are there now.
        sleep: between two looks.
    """
    known = {port.device: port for port in before}
    while True:
        sleep(_LOOK_S)
        there = {port.device: port for port in look()}
        if there.keys() - known.keys():
            sleep(_LOOK_S)  # for its stable name, and the right to use it
            there = {port.device: port for port in look()}
        for device in known.keys() - there.keys():
            yield PortChange(known[device], is_plugged_in=False)
        for device in there.keys() - known.keys():
            yield PortChange(there[device], is_plugged_in=True)
        known = there


def answering(port: str, scan: Scan | None = None) -> Iterator[Answering]:
    """Ask a port for servos of every make; nothing is written.

    Raises:
        LerecordError: it cannot be opened.
    """
    scan = Scan() if scan is None else scan
    for make in MAKES:
        for baud in scan.bauds(make):
            if (found := _answering_at(WaitingPort(port, baud), make, scan.ids)) is not None:
                yield found


def _answering_at(port: WaitingPort, make: Make, ids: Sequence[int]) -> Answering | None:
    model = next(iter(make.models.values()))
    bus = make.bus(port, [Motor(str(each), each, model) for each in ids])
    bus.open()
    try:
        heard = bus.answering(ids)
        if heard:  # on a busy machine, those that are silent now need not be the second time
            heard += bus.answering([each for each in ids if each not in heard])
        servos, unclear = [], []
        for each in sorted(heard):
            try:
                number = bus.ping(str(each), servo_registers.SET_UP)
            except BusError:
                unclear.append(each)
                continue
            known = model_named(make, number)
            servos.append(FoundServo(each, number, None if known is None else known.name))
    finally:
        bus.close()
    if not servos and not unclear:
        return None
    return Answering(make.name, port.baudrate, tuple(servos), tuple(unclear), _arms(servos))


def _arms(servos: Sequence[FoundServo]) -> tuple[str, ...]:
    found = [(each.id, each.number) for each in servos]
    return tuple(
        f"{name} {role.lower()}"
        for name, role, driver in _drivers()
        if driver.motors and [(motor.id, motor.model.number) for motor in driver.motors] == found
    )


def _drivers() -> Iterator[tuple[str, str, ArmDriver]]:
    for name in drivers.names("arms"):
        try:
            module = drivers.load("arms", name)
        except (LerecordError, ImportError):  # of another package, broken
            continue
        for role in ("Leader", "Follower"):
            if hasattr(module, role):
                yield name, role, getattr(module, role)


def _stable_names(by_id: Path) -> Mapping[str, str]:
    links = sorted(by_id.iterdir()) if by_id.is_dir() else []
    return {str(link.resolve()): str(link) for link in links}


def _adapter(port: object) -> str:
    words = [getattr(port, name, None) for name in ("manufacturer", "product")]
    return " ".join(word for word in words if word)
