"""How far the joints of an arm have been moved, as bars that grow while a person moves them."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_BAR_COLUMNS = 31  # all of it fits 80 columns
_HALF_TURN = 180.0


@dataclass(frozen=True, slots=True)
class JointRange:
    """A joint, in degrees from where it stood at first.

    Attributes:
        name: of the joint.
        low, high: how far it went to both sides.
        now: where it is.
        turns: it goes all the way round, so that its range need not be found.
    """

    name: str
    low: float
    high: float
    now: float
    turns: bool


def ranges_table(joints: Sequence[JointRange], hint: str) -> RenderableType:
    """A line a joint, and below what to do."""
    table = Table.grid(padding=(0, 2))
    for _ in range(4):
        table.add_column(no_wrap=True)
    for joint in joints:
        if joint.turns:
            table.add_row(joint.name, Text("─" * _BAR_COLUMNS, "bright_black"), "", "turns freely")
            continue
        table.add_row(
            joint.name,
            _bar(joint),
            f"{joint.low:+z5.0f}° to {joint.high:+z5.0f}°",
            f"{joint.high - joint.low:4.0f}° in all",
        )
    return Group(table, Text(hint, "bold"))


def _bar(joint: JointRange) -> Text:
    low, high, now = (_column(each) for each in (joint.low, joint.high, joint.now))
    bar = Text()
    for column in range(_BAR_COLUMNS):
        if column == now:
            bar.append("●", "bold yellow")
        elif low <= column <= high:
            bar.append("█", "blue")
        else:
            bar.append("─", "bright_black")
    return bar


def _column(degrees: float) -> int:
    """Half a turn to either side fills the bar."""
    share = (max(-_HALF_TURN, min(degrees, _HALF_TURN)) + _HALF_TURN) / (2 * _HALF_TURN)
    return round(share * (_BAR_COLUMNS - 1))
