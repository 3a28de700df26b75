from io import StringIO

from rich.console import Console

from lerecord.ui.terminal import JointRange, ranges_table

JOINTS = [
    JointRange("shoulder_lift", -70.0, 100.0, 15.0, False),
    JointRange("elbow_flex", -0.2, 0.0, 0.0, False),
    JointRange("wrist_roll", -3.0, 170.0, 20.0, True),
]


def shown(width: int) -> list[str]:
    console = Console(width=width, record=True, file=StringIO())
    console.print(ranges_table(JOINTS, "Move every joint."))
    return console.export_text().splitlines()


def test_ranges_fit_80_columns_in_full() -> None:
    lift, elbow, roll, hint = shown(80)
    assert lift.split()[0] == "shoulder_lift"
    assert lift.rstrip().endswith("-70° to  +100°   170° in all")
    assert "+0° to    +0°" in elbow
    assert "turns freely" in roll
    assert hint.strip() == "Move every joint."
    assert "…" not in "".join((lift, elbow, roll))


def test_a_bar_covers_where_the_joint_has_been() -> None:
    lift, elbow, *_ = shown(80)
    assert lift.count("█") + lift.count("●") == 15  # of 31 columns a turn: 170 of 360 degrees
    assert (elbow.count("█"), elbow.count("●")) == (0, 1)
