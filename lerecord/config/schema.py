"""One hardware config, a TOML file, as plain typed data.

A config is named (looked up in ./hardware_configs, then among the packaged ones) or given as a
path. Every key is known: an unknown one is refused with its table and the nearest known key.
"""

import difflib
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from lerecord import secrets
from lerecord.errors import ConfigError
from lerecord.refusals import remedy_of

SIMULATED = "sim"  # the config that records without any hardware
SIMULATED_PLACE = "sim:"  # begins a port or a device that the simulator gives
_FOLDER = "hardware_configs"
_FARTHEST = 1000.0  # from the middle of a joint, in units: some turns in degrees
_NAME = r"^[a-z][a-z0-9_]*$"

Units = Literal["normalized", "degrees"]
Name = Annotated[str, Field(pattern=_NAME)]
Text = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]+$")]
_Model = TypeVar("_Model", bound="Table")


class Table(BaseModel):
    """A TOML table: every key known, every value of the type that its key has, numbers finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class ArmConfig(Table):
    """`[arms.<name>.leader]` or `.follower`: one arm on one port."""

    driver: Text
    port: Text
    baud: int = Field(default=1_000_000, gt=0, le=12_000_000)
    calibration: Text
    limits: dict[str, list[float]] = {}
    """Joint name to [lowest, highest] goal in the config's units, within the calibrated range."""

    @model_validator(mode="after")
    def _limits_are_ranges(self) -> Self:
        for joint, limits in self.limits.items():
            if len(limits) != 2 or not limits[0] < limits[1]:
                raise ValueError(f"the limits of {joint} must be [lowest, highest]")
            if max(map(abs, limits)) > _FARTHEST:
                raise ValueError(f"the limits of {joint} must be within {_FARTHEST:g}")
        return self


class ArmPairConfig(Table):
    """`[arms.<name>]`: a leader and the follower that copies it."""

    leader: ArmConfig
    follower: ArmConfig


class CameraConfig(Table):
    """`[cameras.<name>]`. Width and height are the camera's, before rotation."""

    driver: Text = "opencv"
    device: Text
    width: int = Field(gt=0, le=16384, multiple_of=2)
    height: int = Field(gt=0, le=16384, multiple_of=2)
    fps: int = Field(gt=0, le=240)
    fourcc: str = Field(default="MJPG", min_length=4, max_length=4)
    rotation: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise by which the image is turned before it is recorded."""

    @property
    def recorded_size(self) -> tuple[int, int]:
        """Width and height of the image in the dataset."""
        return (self.height, self.width) if self.rotation % 180 else (self.width, self.height)


class SafetyConfig(Table):
    """`[safety]`: how fast a follower may be told to move, in units a second.

    Each kind of arm has a ceiling for these of its own, which no config passes.
    """

    max_speed: float = Field(default=400.0, gt=0, le=10_000)
    ramp_speed: float = Field(default=60.0, gt=0, le=10_000)
    """While the follower catches up with the leader at the start, and while it parks."""
    align_tolerance: float = Field(default=3.0, gt=0, le=1000)
    """The follower follows at full speed once every joint is this near to the leader."""


class QualityConfig(Table):
    """`[quality]`: what a take must not fall short of."""

    max_silence_s: float = Field(default=1.0, gt=0, le=10)
    """An arm or a camera that is silent, or a loop that stands still, for longer ends the take."""
    min_free_gb: float = Field(default=1.0, ge=0, le=1_000_000)
    """No take starts with less room on the disk."""


class VideoConfig(Table):
    """`[video]`: the encoder. None leaves the profile's value."""

    profile: Literal["default", "fast", "archive"] = "default"
    codec: Literal["h264", "av1"] | None = None
    preset: str | None = None
    crf: int | None = Field(default=None, ge=0, le=63)
    qp: int | None = Field(default=None, ge=0, le=63)
    gop: int | None = Field(default=None, ge=1, le=100_000)


class SimulatorConfig(Table):
    """`[simulator]`: the rig is simulated; with start, the recorder runs the simulator itself."""

    start: bool = True
    seed: int | None = Field(default=None, ge=0, lt=2**63)
    """Of the box places; None draws a new one each time."""
    faults: str | None = None
    """A file of faults that the simulator injects: an absolute path, or from the working folder."""

    @model_validator(mode="after")
    def _faults_need_a_simulator(self) -> Self:
        if self.faults is not None and not self.start:
            raise ValueError(
                "faults are for a simulator that the recorder starts; give them to "
                "`lerecord sim --faults` instead"
            )
        return self


class HardwareConfig(Table):
    """A rig: its arms and cameras, its rate, its limits."""

    robot_type: Text
    fps: int = Field(gt=0, le=240)
    units: Units = "normalized"
    arms: dict[Name, ArmPairConfig] = Field(min_length=1, max_length=16)
    cameras: dict[Name, CameraConfig] = Field(default={}, max_length=32)
    safety: SafetyConfig = SafetyConfig()
    quality: QualityConfig = QualityConfig()
    video: VideoConfig = VideoConfig()
    simulator: SimulatorConfig | None = None

    def without_secrets(self) -> "HardwareConfig":
        """The same rig, as datasets keep it: no passwords in the addresses of its cameras."""
        cameras = {
            name: camera.model_copy(update={"device": secrets.without_secrets(camera.device)})
            for name, camera in self.cameras.items()
        }
        return self.model_copy(update={"cameras": cameras})

    def reached_at(self, ports: Mapping[str, str], devices: Mapping[str, str]) -> "HardwareConfig":
        """The same rig with the `sim:<name>` ports and devices replaced by where they now are."""
        arms = {
            name: pair.model_copy(
                update={
                    role: arm.model_copy(update={"port": _resolved(arm.port, ports)})
                    for role, arm in (("leader", pair.leader), ("follower", pair.follower))
                }
            )
            for name, pair in self.arms.items()
        }
        cameras = {
            name: camera.model_copy(update={"device": _resolved(camera.device, devices)})
            for name, camera in self.cameras.items()
        }
        return self.model_copy(update={"arms": arms, "cameras": cameras})


def _resolved(place: str, known: Mapping[str, str]) -> str:
    if not place.startswith(SIMULATED_PLACE):
        return place
    try:
        return known[place.removeprefix(SIMULATED_PLACE)]
    except KeyError:
        names = ", ".join(SIMULATED_PLACE + name for name in known)
        raise ConfigError(f"The simulator has no {place}; it has {names}.") from None


def config_folders() -> list[Path]:
    """Where names are looked up: the working folder's, then the packaged one."""
    package = Path(__file__).parents[1]
    packaged = package / _FOLDER  # in a wheel
    if not packaged.is_dir():
        packaged = package.parent / _FOLDER  # in a checkout, also when installed editable
    return [Path(_FOLDER), packaged]


def known_names() -> list[str]:
    """Names of every config that can be found, sorted."""
    return sorted({path.stem for folder in config_folders() for path in folder.glob("*.toml")})


def find(name_or_path: str) -> Path:
    """The file of a config given by name or by path.

    Raises:
        ConfigError: there is none; the sentence lists the known names.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        return _config_at(Path(name_or_path))
    for folder in config_folders():
        path = folder / f"{name_or_path}.toml"
        if path.is_file():
            return path
    known = ", ".join(known_names())
    raise ConfigError(
        f"There is no hardware config named {name_or_path!r}; known are {known}, "
        f"or give the path of a TOML file."
    )


def _config_at(path: Path) -> Path:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise ConfigError(f"There is no hardware config {path}; check the path.") from None
    except OSError as error:
        remedy = remedy_of(error) or "check the path"
        raise ConfigError(
            f"The hardware config {path} cannot be read ({error.strerror}); {remedy}."
        ) from error
    except ValueError as error:
        raise ConfigError(f"{str(path)!r} is no path ({error}); correct it.") from error
    if stat.S_ISDIR(mode):
        raise ConfigError(f"{path} is a folder; name a hardware config in it, a TOML file.")
    if not stat.S_ISREG(mode):
        raise ConfigError(f"{path} is not a file; name a hardware config, a TOML file.")
    return path


def load(path: Path) -> HardwareConfig:
    """Read and validate a config file.

    Raises:
        ConfigError: it cannot be read, is not TOML, or a key is unknown, missing or wrong.
    """
    return parse(read(path), str(path))


def parse(data: Mapping[str, Any], source: str) -> HardwareConfig:
    """Validate a config's data; `source` names it in messages."""
    return validated(HardwareConfig, data, source)


def read(path: Path) -> dict[str, Any]:
    """The data of a TOML file; raises ConfigError when it cannot be read or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        remedy = remedy_of(error) or "check the file"
        raise ConfigError(f"{path} cannot be read ({error.strerror}); {remedy}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error


def validated(model: type[_Model], data: Mapping[str, Any], source: str) -> _Model:
    """Data of a file as its table says; `source` names it in messages.

    Raises:
        ConfigError: a key is unknown, missing or wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # A misspelt key is also a missing one: the misspelling is the better thing to say.
        errors = error.errors(include_url=False)
        errors.sort(key=lambda each: each["type"] != "extra_forbidden")
        raise ConfigError(f"{source}: {_explain(model, errors[0])}") from error


def _explain(model: type[Table], error: ErrorDetails) -> str:
    *table, key = error["loc"]
    reason = error["msg"].removeprefix("Value error, ")
    if isinstance(key, int):  # what is wrong is a table of an array as a whole
        return f"in {_name([*table, key])}: {reason}."
    if key == "[key]":  # pydantic's word for the name of a table
        return (
            f"{_name(table)} has a name that none can have; use lower-case letters, digits and _, "
            f"a letter first."
        )
    where = f"in {_name(table)}" if table else "at the top level"
    if error["type"] == "extra_forbidden":
        known = list(_keys_at(model, tuple(table)))
        near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(known)}."
        return f"unknown key {str(key)!r} {where}; {hint}"
    if error["type"] == "missing":
        return f"the key {str(key)!r} is missing {where}; add it."
    given = "" if isinstance(error["input"], dict) else f" is {error['input']!r}"
    return secrets.without_secrets(f"{key!s} {where}{given}: {reason[0].lower()}{reason[1:]}.")


def _name(table: Sequence[int | str]) -> str:
    """A table as its file writes it; tables of an array are told by their place, from 1."""
    if isinstance(table[-1], int):
        return f"[[{'.'.join(map(str, table[:-1]))}]] number {table[-1] + 1}"
    return f"[{'.'.join(map(str, table))}]"


def _keys_at(model: type[BaseModel], table: tuple[Any, ...]) -> Iterator[str]:
    """The keys that a table knows, found by walking the model along the table's path."""
    for part in table:
        field = model.model_fields.get(str(part))
        if field is None:
            continue  # the free name of an arm or a camera
        model = _table_of(field.annotation) or model
    yield from model.model_fields


def _table_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in reversed(getattr(annotation, "__args__", ())):
        if (found := _table_of(argument)) is not None:
            return found
    return None
