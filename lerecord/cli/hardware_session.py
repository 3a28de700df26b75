"""What `lerecord hardware new` does: finds what it can, asks for the rest, writes a TOML."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path

from lerecord import drivers
from lerecord.bringup import answering, camera_devices, serial_ports
from lerecord.cli.group import refuse
from lerecord.cli.output import Output
from lerecord.cli.typed_lines import TypedLines
from lerecord.commands import command
from lerecord.config import ConfigFile, config_folders
from lerecord.errors import ConfigError, LerecordError
from lerecord.printable import print_line

_BROKEN_OFF = "Stopped; nothing was written."
_NO_CAMERA = (
    "No camera is plugged in, and the rig has none. When `lerecord find cameras` shows one, add:",
    "  [cameras.front]",
    '  device = "/dev/v4l/by-id/..."',
    "  width = 640",
    "  height = 480",
    "  fps = 30",
)
_ROLES = ("leader", "follower")
_USUAL_CAMERAS = ("front", "wrist")
_CAMERA = {"width": 640, "height": 480, "fps": 30, "fourcc": "MJPG", "rotation": 0}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of a new rig.

    Attributes:
        name: of the rig.
        kind: driver of its arms; None to find out.
        leader, follower: ports; None to find out.
        cameras: NAME=PATH each; none to ask.
    """

    name: str
    kind: str | None
    leader: str | None
    follower: str | None
    cameras: Sequence[str]


def write_new(asked: Asked, output: Output) -> None:
    """Write `hardware_configs/NAME.toml` in the working folder.

    Raises:
        ConfigError: there is one already, or what was answered makes no config.
        BrokenOffError: it was broken off.
    """
    target = config_folders()[0] / f"{asked.name}.toml"
    if target.exists():
        raise ConfigError(f"There is a {target} already: choose another name, or edit that file.")
    lines = TypedLines(_BROKEN_OFF)
    kind, ports = _arms(asked, lines)
    cameras = _cameras(asked, lines)
    file = ConfigFile(_template(kind))
    file.introduce(
        f"The rig {asked.name}: {kind} arms, as `lerecord hardware new` has found them.",
        f"Record with --hardware {asked.name}.",
    )
    for role in _ROLES:
        file.put(("arms", "main", role, "port"), ports[role])
        file.put(("arms", "main", role, "calibration"), f"{asked.name}_{role}")
    file.drop(("cameras",))
    for name, device in cameras.items():
        file.put(("cameras", name), {"driver": "opencv", "device": device, **_CAMERA})
    target.parent.mkdir(exist_ok=True)
    file.write(target)
    next_steps = [*(("calibrate", role) for role in _ROLES), ("doctor",)]
    output.result(
        {"file": target, "kind": kind, "ports": ports, "cameras": cameras},
        [
            *(() if cameras else _NO_CAMERA),
            f"{target} is written. What comes next:",
            *(f"  {command(*words, '--hardware', asked.name)}" for words in next_steps),
        ],
    )


def _arms(asked: Asked, lines: TypedLines) -> tuple[str, dict[str, str]]:
    """The kind of the arms, and the port of each."""
    ports = {"leader": asked.leader, "follower": asked.follower}
    found = {} if all(ports.values()) and asked.kind else _found_arms()
    kinds = sorted({name.split()[0] for names in found.values() for name in names})
    kind = asked.kind or (kinds[0] if len(kinds) == 1 else None)
    if kind is None:
        known = [name for name in drivers.names("arms") if _template(name).is_file()]
        kind = lines.answer(f"Which kind of arms ({', '.join(known)})?")
    if not _template(kind).is_file():
        refuse(f"There is no template for arms of the kind {kind!r}; copy a config by hand.")
    chosen: dict[str, str] = {}
    for role in _ROLES:
        fitting = [
            port
            for port, names in found.items()
            if f"{kind} {role}" in names and port not in chosen.values()
        ]
        chosen[role] = ports[role] or _chosen(fitting, f"the {role}'s port", lines)
    return kind, chosen


def _found_arms() -> dict[str, list[str]]:
    """Stable port to what the arm on it may be: "koch leader"."""
    found = {}
    for port in serial_ports():
        try:
            found[port.stable] = [arm for each in answering(port.device) for arm in each.arms]
        except LerecordError as error:
            print_line(str(error))
    return found


def _cameras(asked: Asked, lines: TypedLines) -> dict[str, str]:
    if asked.cameras:
        return dict(_named(each) for each in asked.cameras)
    cameras: dict[str, str] = {}
    names = chain(_USUAL_CAMERAS, repeat(""))
    for device in camera_devices():
        usual = next(names)
        name = lines.answer(f"Name of the camera {device} [{usual}; - leaves it out]:") or usual
        if name not in ("", "-"):
            cameras[name] = device
    return cameras


def _named(camera: str) -> tuple[str, str]:
    name, equals, device = camera.partition("=")
    if not equals:
        refuse(f"A camera is given as NAME=PATH, not {camera!r}.")
    return name, device


def _chosen(choices: Sequence[str], what: str, lines: TypedLines) -> str:
    """The only choice, or the one that a person names by number or types."""
    if len(choices) == 1:
        return choices[0]
    told = "".join(f"\n  {number}: {choice}" for number, choice in enumerate(choices, 1))
    for line in told.splitlines():
        print_line(line)
    while True:
        form = "A number or a path" if choices else "Its path, such as /dev/ttyACM0"
        answer = lines.answer(f"Which is {what}? {form}:")
        if answer.isdigit() and 0 < int(answer) <= len(choices):
            return choices[int(answer) - 1]
        if answer.startswith("/"):
            return answer


def _template(kind: str) -> Path:
    return config_folders()[-1] / f"{kind}.toml"
