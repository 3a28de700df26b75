"""Cameras that use the same device: most devices open only once."""

from collections.abc import Mapping
from pathlib import Path

from lerecord.secrets import without_secrets


def shared_devices(devices: Mapping[str, str]) -> list[str]:
    """A sentence for each device that several cameras name.

    Args:
        devices: camera name to device; a path may be a link to another one's.
    """
    names: dict[str, list[str]] = {}
    for name, device in devices.items():
        names.setdefault(_place_of(device), []).append(name)
    return [
        f"Cameras {' and '.join(each)} use the same device, {without_secrets(place)}; "
        f"give each its own."
        for place, each in names.items()
        if len(each) > 1
    ]


def _place_of(device: str) -> str:
    if "://" in device:
        return device
    return f"/dev/video{device}" if device.isdigit() else str(Path(device).resolve())
