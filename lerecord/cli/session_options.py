"""The options that every recording command takes: one dataclass, each of whose fields is one."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import get_type_hints

from lerecord.cli.options import (
    AcceptCalibration,
    AsJson,
    DatasetOption,
    EpisodeTime,
    Hardware,
    Preview,
    ResetTime,
    Seed,
    Sound,
    TrustRig,
    WriteCalibration,
)


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What the command line says of a session; None where it says nothing."""

    hardware: Hardware = None
    dataset: DatasetOption = None
    episode_time: EpisodeTime = None
    reset_time: ResetTime = None
    seed: Seed = None
    accept_calibration: AcceptCalibration = False
    write_calibration: WriteCalibration = False
    trust_rig: TrustRig = False
    preview: Preview = False
    sound: Sound = True
    as_json: AsJson = False

    @property
    def folder(self) -> Path:
        """The dataset's folder: the one that was given, or the one named after the rig."""
        return self.dataset or Path("datasets", Path(self.hardware or "sim").stem)


def taking_session_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command each field of `SessionOptions` as an option, in the place of its `given`."""
    signature = inspect.signature(command)
    hints = get_type_hints(SessionOptions, include_extras=True)
    names = [field.name for field in fields(SessionOptions)]
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=hints[field.name],
        )
        for field in fields(SessionOptions)
    ]
    parameters = list(signature.parameters.values())
    place = list(signature.parameters).index("given")
    parameters[place : place + 1] = options

    @wraps(command)
    def with_options(**values: object) -> None:
        given = SessionOptions(**{name: values.pop(name) for name in names})  # type: ignore[arg-type]
        command(**values, given=given)

    with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_options
