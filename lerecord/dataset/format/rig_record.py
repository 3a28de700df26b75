"""The rig that a dataset came from, as its meta/hardware.json keeps it. Light: of every process."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

_REQUIRED = ("config", "identity", "calibration")


@dataclass(frozen=True, slots=True)
class ServoRecord:
    """The servos of one arm."""

    pair: str
    role: str
    models: tuple[Any, ...]
    ids: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """How the config sets a camera up; fps is None where it says none."""

    rotation: int
    fps: int | None


@dataclass(frozen=True, slots=True)
class HardwareRecord:
    """Config, identity and calibration of a rig, and whether it is simulated.

    Attributes:
        entries: JSON-able, as they are written and in that order; those of another version of
            lerecord are kept.
    """

    entries: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        config: Mapping[str, Any],
        identity: Mapping[str, Any],
        calibration: Mapping[str, Any],
        simulated: bool,
    ) -> Self:
        """The record of a rig at hand."""
        return cls(
            {
                "config": config,
                "identity": identity,
                "calibration": calibration,
                "simulated": simulated,
            }
        )

    @property
    def simulated(self) -> bool:
        """True when the rig is said to be simulated: its images carry the strip."""
        return bool(self.entries.get("simulated", False))

    @property
    def config(self) -> Mapping[str, Any]:
        """The hardware config, without secrets; empty where there is none."""
        return self._table("config")

    @property
    def identity(self) -> Mapping[str, Any]:
        """What makes it this rig and no other; empty where nothing is said."""
        return self._table("identity")

    @property
    def calibration(self) -> Mapping[str, Any] | None:
        """Of each arm, by pair and role; None where there is none."""
        found: Mapping[str, Any] | None = self.entries.get("calibration")
        return found

    @property
    def lacking(self) -> tuple[str, ...]:
        """The entries that lerecord writes and that are not there."""
        return tuple(name for name in _REQUIRED if name not in self.entries)

    @property
    def others(self) -> Mapping[str, Any]:
        """The entries that are neither identity, calibration nor `simulated`."""
        known = ("identity", "calibration", "simulated")
        return {name: value for name, value in self.entries.items() if name not in known}

    def camera(self, name: str) -> CameraRecord:
        """How the config sets a camera up."""
        found = self.config.get("cameras", {}).get(name, {})
        return CameraRecord(found.get("rotation", 0), found.get("fps"))

    def rotation(self, camera: str) -> int:
        """Degrees clockwise by which the images of a camera were turned, by the identity."""
        turned: int = self.identity.get("rotation", {}).get(camera, 0)
        return turned

    def servos(self) -> Iterator[ServoRecord]:
        """The servos of each arm."""
        for pair, roles in self.identity.get("arms", {}).items():
            for role, said in roles.items():
                models, ids = (_list(said.get(name)) for name in ("models", "ids"))
                yield ServoRecord(pair, role, models, ids)

    def with_entries(self, **changed: Any) -> Self:
        """With other values of some entries."""
        return type(self)({**self.entries, **changed})

    def _table(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.entries.get(name, {})
        return found


def _list(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else ()
