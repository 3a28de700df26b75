"""What the system says of a serial port: who may use it, who holds it, how slow its adapter is."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lerecord.bringup.finding import Finding

_SLOW_LATENCY_MS = 1  # an FTDI adapter's timer is 16 out of the box
_TERMINALS = "/dev/pts/"
_MEDDLERS = {
    "ModemManager": "sudo systemctl disable --now ModemManager",
    "brltty": "sudo apt remove brltty",
}
"""Services that open serial ports as they are plugged in, and what ends that."""


@dataclass(frozen=True, slots=True)
class System:
    """Where Linux tells of devices and processes; elsewhere nothing is found there."""

    proc: Path = Path("/proc")
    sys: Path = Path("/sys")


def examined_port(subject: str, port: str, system: System | None = None) -> Iterator[Finding]:
    """What is in the way of using a port; the port is not opened."""
    system = System() if system is None else system
    device = Path(port)
    if not device.exists():
        yield Finding(
            subject,
            f"there is no port {port}",
            "plug the arm in and switch it on; `lerecord find ports` lists what is there",
        )
        return
    yield from _rights(subject, device)
    yield from _holders(subject, device, system)
    yield from _latency(subject, device, system)


def meddlers(system: System | None = None) -> Iterator[Finding]:
    """Services that would take a port away from us."""
    system = System() if system is None else system
    running = {_name(process) for process in _processes(system)}
    for name in sorted(running & set(_MEDDLERS)):
        yield Finding(
            "this computer", f"{name} opens serial ports as they are plugged in", _MEDDLERS[name]
        )


def _rights(subject: str, device: Path) -> Iterator[Finding]:
    if os.access(device, os.R_OK | os.W_OK):
        return
    group = _group(device)
    yield Finding(
        subject,
        f"this user may not use {device} (it belongs to the group {group})",
        f"sudo usermod -aG {group} $USER, then log in again",
    )


def _group(device: Path) -> str:
    try:
        return device.group()
    except KeyError:
        return str(device.stat().st_gid)


def _holders(subject: str, device: Path, system: System) -> Iterator[Finding]:
    target = os.path.realpath(device)
    if target.startswith(_TERMINALS):
        return  # a simulated port, which the simulator has open at its other end
    for process in _processes(system):
        if int(process.name) != os.getpid() and target in _opened_by(process):
            yield Finding(
                subject,
                f"{device} is held by {_name(process)} (process {process.name})",
                "end that program",
            )


def _opened_by(process: Path) -> set[str]:
    try:
        return {str(each.readlink()) for each in (process / "fd").iterdir()}
    except OSError:  # another user's, or it has ended
        return set()


def _latency(subject: str, device: Path, system: System) -> Iterator[Finding]:
    name = Path(os.path.realpath(device)).name
    timer = system.sys / "bus/usb-serial/devices" / name / "latency_timer"
    try:
        milliseconds = int(timer.read_text())
    except (OSError, ValueError):
        return  # the adapter has none
    if milliseconds > _SLOW_LATENCY_MS:
        yield Finding(
            subject,
            f"the adapter of {device} holds bytes back for {milliseconds} ms",
            f"echo 1 | sudo tee {timer}",
        )


def _processes(system: System) -> Iterator[Path]:
    if system.proc.is_dir():
        yield from (each for each in system.proc.iterdir() if each.name.isdigit())


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "?"
