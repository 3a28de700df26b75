"""Which rig and which dataset a command means, from what it was given and what is on disk."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lerecord.arms import ArmDriver, Calibration, calibration, calibration_of, driver_of
from lerecord.config import SIMULATED, ArmConfig, HardwareConfig, find_config, load_config
from lerecord.control.kept_rig import KeptRig
from lerecord.control.rig import Calibrations, Rig
from lerecord.dataset.format import (
    CameraSpec,
    DatasetSpec,
    HardwareRecord,
    layout,
    require_known_rig,
    settings_of,
)

_DATASETS = Path("datasets")
_MakeCalibration = Callable[[ArmConfig, ArmDriver, tuple[str, str]], Calibration]


@dataclass(frozen=True, slots=True)
class Setup:
    """The rig that is recorded and the dataset that takes it.

    Attributes:
        root: the dataset's folder; it need not exist yet.
        config: as written, with the simulator's places not yet resolved.
        calibrations: of every arm.
        kept: where config and calibrations come from, when that is the dataset.
    """

    root: Path
    config: HardwareConfig
    calibrations: Calibrations
    kept: KeptRig | None = None

    @classmethod
    def resolve(cls, hardware: str | None, dataset: Path | None) -> "Setup":
        """Without hardware an existing dataset's own rig is meant, else the simulated one.

        Raises:
            ConfigError: there is no such config or calibration, or it is not usable.
            DatasetError: another recorder made the dataset, on a rig that is not known.
        """
        if hardware is None and dataset is not None and (dataset / layout.HARDWARE).is_file():
            return cls._from_dataset(dataset)
        path = find_config(hardware or SIMULATED)
        config = load_config(path)
        root = dataset if dataset is not None else _DATASETS / path.stem
        require_known_rig(root)

        def load(arm: ArmConfig, driver: ArmDriver, _: tuple[str, str]) -> Calibration:
            return calibration_of(arm, driver, path.parent, os.environ)

        return cls(root, config, _each_arm(config, load))

    @classmethod
    def _from_dataset(cls, root: Path) -> "Setup":
        kept = KeptRig.read(root)

        def parse(arm: ArmConfig, driver: ArmDriver, place: tuple[str, str]) -> Calibration:
            if arm.python is not None:
                return Calibration({}, "")
            pair, role = place
            source = f"of the {pair} {role} in {kept.source}"
            return calibration.parse(kept.calibration(pair, role), driver.motors, source)

        return cls(root, kept.config, _each_arm(kept.config, parse), kept)


def _each_arm(config: HardwareConfig, make: _MakeCalibration) -> Calibrations:
    return {
        name: {
            role: make(arm, driver_of(arm, role), (name, role)) for role, arm in pair.roles.items()
        }
        for name, pair in config.arms.items()
    }


def dataset_spec(setup: Setup, rig: Rig) -> DatasetSpec:
    """What a dataset of this rig contains, and which rig it is."""
    config = setup.config
    return DatasetSpec(
        robot_type=config.robot_type,
        fps=config.fps,
        units=config.units,
        joints=rig.joints,
        cameras=tuple(
            CameraSpec(name, *camera.recorded_size) for name, camera in config.cameras.items()
        ),
        video=settings_of(**config.video.model_dump()),
        hardware=_hardware(setup, rig),
    )


def _hardware(setup: Setup, rig: Rig) -> HardwareRecord:
    known = rig.calibrations()
    return HardwareRecord.of(
        config=setup.config.without_secrets().model_dump(mode="json"),
        identity={
            "arms": rig.identity(),
            "rotation": {name: each.rotation for name, each in setup.config.cameras.items()},
        },
        calibration={
            pair: {role: each.as_mapping() for role, each in roles.items()} | known[pair]
            for pair, roles in setup.calibrations.items()
        },
        simulated=setup.config.simulator is not None,
    )
