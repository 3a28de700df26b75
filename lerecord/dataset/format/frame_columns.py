"""What is kept of every frame of a take: the one table from which everything else derives.

The pipe to the writer carries these columns, the journal stores them, and the sidecar keeps those
for which LeRobot's parquet has no place. A new column is one line here, and a field of `Frame`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.frame import BusFaults, Frame, Motion

BUS = "bus."


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: in journal and sidecar.
        dtype: NumPy's, little endian.
        per_joint: (N, D) instead of (N,).
        attribute: where a `Frame` has its value, if not under the name.
        when_missed: its value in the copy that stands in for a missed slot; None: the copied one.
        absent: stands in where a frame has none, and in recordings older than the column.
        in_parquet: LeRobot's own table has it, so the sidecar has not.
        is_optional: the sidecar leaves it out where no frame has a value.
    """

    name: str
    dtype: str
    per_joint: bool = False
    attribute: str = ""
    when_missed: Any = None
    absent: Any = 0
    in_parquet: bool = False
    is_optional: bool = False

    def of(self, frame: Frame) -> Any:
        """Its value in a frame; None where the frame has none."""
        value: Any = frame
        for name in (self.attribute or self.name).split("."):
            value = getattr(value, name)
            if value is None:
                return None
        return value

    def missing(self, frames: int, joints: int) -> NDArray[Any]:
        """The column of a recording that does not have it."""
        shape = (frames, joints) if self.per_joint else (frames,)
        return np.full(shape, self.absent, self.dtype)


MISSED = "missed"
"""The column that a take fills itself: the frame is a copy of the one before it."""

COLUMNS: Sequence[Column] = (
    Column("due", "<f8"),
    Column("started", "<f8"),
    Column("lateness_s", "<f8"),
    Column(MISSED, "?"),
    Column("measured", "?"),
    Column("bus_s", "<f8", when_missed=0.0),
    Column("retries", "<u4", when_missed=0),
    Column("state", "<f4", per_joint=True, in_parquet=True),
    Column("action", "<f4", per_joint=True, in_parquet=True),
    Column("requested", "<f4", per_joint=True),
    Column("source", "<u1"),
    Column("policy_action", "<f4", per_joint=True, absent=np.nan, is_optional=True),
    Column("policy_latency_s", "<f4", absent=np.nan, is_optional=True),
    *(
        Column(name, "<f4", True, f"motion.{name}", absent=np.nan, is_optional=True)
        for name in Motion._fields
    ),
    *(
        Column(f"{BUS}{name}", "<u4", attribute=f"faults.{name}", when_missed=0)
        for name in BusFaults._fields
    ),
)
SIDECAR_COLUMNS = tuple(column for column in COLUMNS if not column.in_parquet)


@dataclass(frozen=True, slots=True, eq=False)
class FrameColumns:
    """The frames of a take, column by column; N frames, D joints.

    Attributes:
        values: name of a column to (N,) or (N, D); each is an attribute, too: `columns.started`.
    """

    values: Mapping[str, NDArray[Any]]

    @classmethod
    def of(cls, frames: Sequence[Frame], joints: int) -> Self:
        """The columns of these frames, none of them missed."""
        found = {}
        for column in COLUMNS:
            found[column.name] = column.missing(len(frames), joints)
            for place, frame in enumerate(frames):
                if column.name != MISSED and (value := column.of(frame)) is not None:
                    found[column.name][place] = value
        return cls(found)

    def __getattr__(self, name: str) -> NDArray[Any]:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(f"there is no column {name!r}") from None

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    @property
    def faults(self) -> dict[str, NDArray[Any]]:
        """Name of a bus fault to (N,) counts, as in BusFaults."""
        found = self.values.items()
        return {name.removeprefix(BUS): each for name, each in found if name.startswith(BUS)}

    def first(self, length: int) -> Self:
        """Only the first frames."""
        return type(self)({name: each[:length] for name, each in self.values.items()})
