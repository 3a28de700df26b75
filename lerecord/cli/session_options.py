"""Options as the fields of dataclasses, and those that every recording command takes."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Any, get_type_hints

from lerecord.cli.options import (
    AcceptCalibration,
    AcceptDrift,
    AsJson,
    DatasetOption,
    EpisodeTime,
    GateOption,
    Hardware,
    Labels,
    Lan,
    PedalOption,
    Preview,
    ResetTime,
    Seed,
    Sound,
    Station,
    StationPort,
    TrustRig,
    WriteCalibration,
)
from lerecord.recording.session import Gate


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What the command line says of a session; None where it says nothing."""

    hardware: Hardware = None
    dataset: DatasetOption = None
    episode_time: EpisodeTime = None
    reset_time: ResetTime = None
    seed: Seed = None
    accept_calibration: AcceptCalibration = False
    accept_drift: AcceptDrift = False
    write_calibration: WriteCalibration = False
    trust_rig: TrustRig = False
    gate: GateOption = Gate.ASK
    labels: Labels = False
    preview: Preview = False
    sound: Sound = True
    pedal: PedalOption = None
    station: Station = False
    port: StationPort = None
    lan: Lan = False
    as_json: AsJson = False

    @property
    def folder(self) -> Path:
        """The dataset's folder: the one that was given, or the one named after the rig."""
        return self.dataset or Path("datasets", Path(self.hardware or "sim").stem)


def taking_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command each field of its dataclasses as an option, in the place of the dataclass.

    Every parameter of the command is given by its name.
    """
    signature = inspect.signature(command)
    groups: dict[str, Any] = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if is_dataclass(parameter.annotation)
    }
    parameters = [
        option
        for name, parameter in signature.parameters.items()
        for option in (_options(groups[name]) if name in groups else [parameter])
    ]

    @wraps(command)
    def with_options(**values: object) -> None:
        for name, group in groups.items():
            values[name] = group(**{each.name: values.pop(each.name) for each in fields(group)})
        command(**values)

    with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_options


def _options(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
