"""The rig that a dataset keeps: read, and not used unseen, for a dataset may be a stranger's."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lerecord.config import HardwareConfig, config_folders, load_config, parse_config
from lerecord.dataset.format import hardware_record, layout
from lerecord.dataset.storage import read_meta
from lerecord.errors import ConfigError
from lerecord.printable import print_line
from lerecord.secrets import without_secrets


@dataclass(frozen=True, slots=True)
class KeptRig:
    """What meta/hardware.json says of a rig.

    Attributes:
        source: the file.
        config: the config in it; the local one where it is the same but for the secrets in it.
        is_local: it is one of the hardware configs of this machine.
    """

    source: Path
    config: HardwareConfig
    is_local: bool
    _calibrations: Mapping[str, Any] | None

    @classmethod
    def read(cls, root: Path) -> "KeptRig":
        """The rig of a dataset.

        Raises:
            DatasetError: its file cannot be read, or is none of meta/hardware.json's form.
            ConfigError: there is no config in it, or a key of it is unknown, missing or wrong.
        """
        source = root / layout.HARDWARE
        record = hardware_record(read_meta(root, layout.HARDWARE), root)
        if "config" not in record.entries:
            raise ConfigError(f"{source} holds no hardware config: {_REMEDY}")
        config = parse_config(record.config, str(source))
        plain = config.without_secrets()
        same = next((each for each in _local(root) if each.without_secrets() == plain), None)
        return cls(source, same or config, same is not None, record.calibration)

    def calibration(self, pair: str, role: str) -> Any:
        """The calibration of an arm, as it stands in the file.

        Raises:
            ConfigError: there is none.
        """
        found: Any = self._calibrations
        for key in (pair, role):
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is None:
            raise ConfigError(f"{self.source} has no calibration of the {pair} {role}: {_REMEDY}")
        return found

    def require_trust(self, attended: bool, ask: Callable[[str], str] = input) -> None:
        """Show a rig that is none of this machine's, and go on only when the operator agrees.

        Raises:
            ConfigError: nobody agrees, or nobody is there to.
        """
        told = "; ".join(self._described())
        if not attended:
            raise ConfigError(
                f"The rig in {self.source} matches none of your hardware configs "
                f"({told}): give your own with --hardware, or accept this one with --trust-rig."
            )
        print_line(f"The rig in {self.source} matches none of your hardware configs:")
        for line in self._described():
            print_line(f"  {line}")
        try:
            answer = ask("Connect to it and move its arms? (y/N) ")
        except EOFError:
            answer = ""
        if answer.strip().lower() not in ("y", "yes"):
            raise ConfigError(
                "The rig was not used: give your own with --hardware, or accept this one with y."
            )

    def _described(self) -> Iterator[str]:
        config = self.config
        for name, pair in config.arms.items():
            for role, arm in pair.roles.items():
                limits = f", limits {dict(arm.limits)}" if arm.limits else ""
                runs = f", run by {arm.python} with {dict(arm.options)}" if arm.python else ""
                yield f"{name} {role}: {arm.driver} on {arm.place}{runs}{limits}"
        for name, camera in config.cameras.items():
            yield f"camera {name}: {camera.driver} on {without_secrets(camera.device)}"
        safety = config.safety
        yield (
            f"max_speed {safety.max_speed:g}, ramp_speed {safety.ramp_speed:g}, align_tolerance "
            f"{safety.align_tolerance:g}, {config.fps} frames a second"
        )


_REMEDY = "restore the file, or name the rig with --hardware."


def _local(root: Path) -> Iterator[HardwareConfig]:
    """Every usable hardware config of this machine; none that came with the dataset itself."""
    for folder in config_folders():
        if folder.resolve().is_relative_to(root.resolve()):
            continue
        for path in folder.glob("*.toml"):
            with contextlib.suppress(ConfigError):
                yield load_config(path)
