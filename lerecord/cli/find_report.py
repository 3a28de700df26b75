"""What `lerecord find` prints."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lerecord.bringup import (
    ALL_IDS,
    Answering,
    FoundCamera,
    Scan,
    SerialPort,
    answering,
    camera_devices,
    contact_sheet,
    looked_at,
    port_changes,
    serial_ports,
)
from lerecord.cli.output import Output
from lerecord.errors import LerecordError

_HANG = 8
_NONE = "No serial port with a USB adapter is plugged in: plug the arm's in, and try again."


def find_ports(only: Sequence[str] | None, every: bool, output: Output) -> None:
    """Print the ports, and what answers on each."""
    found = [_told(port, _scan(every), output) for port in _ports(only)]
    output.result({"ports": found, "changes": []}, [] if found else [_NONE])


def watch_ports(only: Sequence[str] | None, every: bool, output: Output) -> None:
    """Print the ports, then what is plugged in and unplugged, until Ctrl-C."""
    scan = _scan(every)
    before = _there(only)  # what comes while they are told counts, too
    found = [_told(port, scan, output) for port in _ports(only)]
    changes: list[dict[str, object]] = []
    output.line("Plug a port in or out; Ctrl-C ends this.")
    try:
        for change in port_changes(before, lambda: _there(only)):
            # Noted before it is told: Ctrl-C while a port is asked must not lose what was seen.
            noted: dict[str, object] = {
                "is_plugged_in": change.is_plugged_in,
                **asdict(change.port),
            }
            changes.append(noted)
            if change.is_plugged_in:
                output.line("plugged in:")
                noted.update(_told(change.port, scan, output))
            else:
                output.line("unplugged:")
                _named(change.port, output)
    except KeyboardInterrupt:
        output.result({"ports": found, "changes": changes}, [])


def _scan(every: bool) -> Scan:
    return Scan(ALL_IDS, every_baud=True) if every else Scan()


def _ports(only: Sequence[str] | None) -> list[SerialPort]:
    return [SerialPort(each, each, "") for each in only] if only else serial_ports()


def _there(only: Sequence[str] | None) -> list[SerialPort]:
    return [each for each in _ports(only) if Path(each.device).exists()]


def _named(port: SerialPort, output: Output) -> dict[str, object]:
    """Print which port it is; the same for programs."""
    output.line(f"{port.stable}{f'  ({port.adapter})' if port.adapter else ''}")
    return asdict(port)


def _told(port: SerialPort, scan: Scan, output: Output) -> dict[str, object]:
    """Print a port and what answers on it; the same for programs."""
    named = _named(port, output)
    found, failure = _found(port, scan)
    for line in _lines(found, failure):
        output.folded(f"    {line}", _HANG)
    return {**named, "answering": found, "failure": failure}


def find_cameras(only: Sequence[str] | None, sheet: Path | None, output: Output) -> None:
    """Print the cameras and what each gives; their images go into the sheet."""
    devices = list(only) if only else camera_devices()
    found = []
    for camera in looked_at(devices):
        found.append(camera)
        output.folded(_said(camera), _HANG)
    if sheet is not None:
        _write_sheet(sheet, found)
    none = "No camera is plugged in: plug one in, and try again."
    output.result({"cameras": [_facts(each) for each in found]}, [] if devices else [none])


def _write_sheet(sheet: Path, found: Sequence[FoundCamera]) -> None:
    seen = {each.device: each.pixels for each in found if each.pixels is not None}
    if seen:
        sheet.write_bytes(contact_sheet(seen))


def _said(camera: FoundCamera) -> str:
    if camera.failure is not None:
        return f"{camera.device}: {camera.failure}"
    return f"{camera.device}: {camera.width} x {camera.height}, {camera.fps:.1f} images a second"


def _facts(camera: FoundCamera) -> dict[str, object]:
    size = {"width": camera.width, "height": camera.height}
    return {"device": camera.device, **size, "fps": camera.fps, "failure": camera.failure}


def _found(port: SerialPort, scan: Scan) -> tuple[list[Answering], str | None]:
    try:
        return list(answering(port.device, scan)), None
    except LerecordError as error:
        return [], str(error)


def _ids(found: Answering) -> str:
    """Ids of the servos, model by model: "ids 1, 2 xl430-w250; id 3 xl330-m288"."""
    models: dict[str, list[str]] = {}
    for servo in found.servos:
        models.setdefault(str(servo.model or servo.number), []).append(str(servo.id))
    return "; ".join(
        f"id{'s' if len(ids) > 1 else ''} {', '.join(ids)} {model}" for model, ids in models.items()
    )


def _lines(found: list[Answering], failure: str | None) -> list[str]:
    if failure is not None:
        return [failure]
    lines = []
    for each in found:
        arms = f"{' or '.join(each.arms)}: " if each.arms else ""
        lines.append(
            f"{arms}{each.make} servos at {each.baud:,} baud, {_ids(each) or 'none can be read'}"
        )
        if each.unclear:
            told = ", ".join(map(str, each.unclear))
            lines.append(
                f"What answers as {told} cannot be read: if two servos have the same id, plug in "
                f"one at a time and give each its own."
            )
    return lines or ["nothing answers: switch the arm's power on, or try --all"]
