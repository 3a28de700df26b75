"""A hardware config as plain typed data: every key is known, and every value is checked."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

from lerecord import secrets
from lerecord.errors import ConfigError

SIMULATED_PLACE = "sim:"  # begins a port or a device that the simulator gives
_FARTHEST = 1000.0  # from the middle of a joint, in units: some turns in degrees
_NAME = r"^[a-z][a-z0-9_]*$"

Units = Literal["normalized", "degrees"]
Name = Annotated[str, Field(pattern=_NAME)]
Text = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]+$")]


class Table(BaseModel):
    """A TOML table: every key known, every value of the type that its key has, numbers finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class ArmConfig(Table):
    """`[arms.<name>.leader]` or `.follower`: one arm on one port.

    With `python` the driver runs another program, which is told the options: they say where it
    finds the arm and its calibration.
    """

    driver: Text
    python: Text | None = None
    options: dict[str, Any] = {}
    port: Text = Field(default=None, validate_default=True)
    baud: int = Field(default=1_000_000, gt=0, le=12_000_000)
    calibration: Text = Field(default=None, validate_default=True)
    limits: dict[str, list[float]] = {}
    """Joint name to [lowest, highest] goal in the config's units, within the calibrated range."""

    @field_validator("port", "calibration", mode="wrap")
    @classmethod
    def _is_given(
        cls, value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        """Required without `python`, and else in the options."""
        if info.data.get("python") is None:
            if value is None:
                raise PydanticKnownError("missing")
            return check(value)
        if value:
            raise ValueError("with python it is among the options; move it there")
        return ""

    @property
    def place(self) -> str:
        """Where the arm is: its port, or the one among the options."""
        port = self.options.get("port", "")
        return self.port or (port if isinstance(port, str) else "")

    @model_validator(mode="after")
    def _options_are_read(self) -> Self:
        if self.options and self.python is None:
            raise ValueError("options are for a driver with python; take them out, or add python")
        return self

    @model_validator(mode="after")
    def _limits_are_ranges(self) -> Self:
        for joint, limits in self.limits.items():
            if len(limits) != 2 or not limits[0] < limits[1]:
                raise ValueError(f"the limits of {joint} must be [lowest, highest]")
            if max(map(abs, limits)) > _FARTHEST:
                raise ValueError(f"the limits of {joint} must be within {_FARTHEST:g}")
        return self

    def reached_at(self, ports: Mapping[str, str]) -> "ArmConfig":
        """The same arm with a `sim:<name>` port replaced by where it now is."""
        options = {
            name: _resolved(value, ports) if isinstance(value, str) else value
            for name, value in self.options.items()
        }
        return self.model_copy(update={"port": _resolved(self.port, ports), "options": options})


class ArmPairConfig(Table):
    """`[arms.<name>]`: a follower, and the leader that it copies where there is one."""

    leader: ArmConfig | None = None
    follower: ArmConfig

    @property
    def roles(self) -> dict[str, ArmConfig]:
        """Its arms by role, the leader first."""
        leader = {} if self.leader is None else {"leader": self.leader}
        return {**leader, "follower": self.follower}

    def reached_at(self, ports: Mapping[str, str]) -> "ArmPairConfig":
        """The same arms with `sim:<name>` ports replaced by where they now are."""
        return self.model_copy(
            update={role: arm.reached_at(ports) for role, arm in self.roles.items()}
        )


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
    max_drift: float = Field(default=8.0, gt=0, le=1000)
    """No take starts unasked when leader and follower are this far apart before anything moves, or
    the follower from where it was parked."""


class QualityConfig(Table):
    """`[quality]`: what a take must not fall short of."""

    max_silence_s: float = Field(default=1.0, gt=0, le=10)
    """An arm or a camera that is silent, or a loop that stands still, for longer ends the take."""
    min_free_gb: float = Field(default=1.0, ge=0, le=1_000_000)
    """No take starts with less room on the disk."""
    redo_missed: float = Field(default=0.2, gt=0, le=1)
    """Redo: a larger share of slots was missed, or of states could not be read."""
    redo_frozen_s: float = Field(default=3.0, gt=0, le=1000)
    """Redo: a camera gave the same image for that long; a look from 1 s on."""
    redo_blank: float = Field(default=0.5, gt=0, le=1)
    """Redo: at least that share of a camera's images is of one shade; a look from the first on."""
    max_image_age_s: float = Field(default=0.3, gt=0, le=10)
    """Look: an image was older at its frame's time."""
    max_repeated: float = Field(default=0.35, gt=0, le=1)
    """Look: a camera had no new image in a larger share of the frames."""
    darkest: float = Field(default=12.0, ge=0, le=255)
    """Look: the mean level of a camera's images is lower; 255 is white."""
    brightest: float = Field(default=243.0, ge=0, le=255)
    """Look: it is higher."""
    min_sharpness: float = Field(default=0.4, ge=0, le=1)
    """Look: a camera has less of the sharpness that it had in the dataset's first take."""
    max_shift: float = Field(default=0.04, gt=0, le=1)
    """Look: a camera sees the first take's scene shifted by a larger share of its width."""
    max_idle_s: float = Field(default=2.0, gt=0, le=1000)
    """Look: no joint moves for longer at the beginning or at the end."""
    min_motion: float = Field(default=1.0, gt=0, le=100)
    """Units: a joint that moves less stands still. Redo: all do, or one that was sent 10 times as
    far."""
    max_tracking_error: float = Field(default=15.0, gt=0, le=1000)
    """Units, look: a joint is farther from where it was sent in half of the frames; redo: twice
    as far. Grippers are let be: what they hold keeps them."""
    max_jump: float = Field(default=50.0, gt=0, le=1000)
    """Units, redo: a joint is measured farther from where it was one frame before."""
    max_bus_faults: float = Field(default=0.05, gt=0, le=1)
    """Look: in a larger share of frames the state could not be read, or the bus had a fault."""
    length_factor: float = Field(default=3.0, gt=1, le=1000)
    """Look: a take is that many times as long or as short as the others of its task."""


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
    arms: Text | None = None
    """The kind of the simulated arms; None where their driver says it."""
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
        arms = {name: pair.reached_at(ports) for name, pair in self.arms.items()}
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
