"""`lerecord calibrate`."""

from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Hardware

Arm = Annotated[
    str, typer.Argument(metavar="ARM", help="leader or follower; with several pairs main.leader.")
]


def calibrate(
    arm: Arm,
    hardware: Hardware = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Only compare the servos with the calibration file."),
    ] = False,
    import_: Annotated[
        str | None,
        typer.Option(
            "--import", metavar="ID", help="Take over the calibration that LeRobot has by this id."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Calibrate an arm by hand: how far each joint goes.

    Nothing is changed before all of it is known; break it off with q or Ctrl-C at any time.
    """
    from lerecord.cli.calibrate_session import calibrate_by_hand, compare, take_over
    from lerecord.cli.group import refuse
    from lerecord.cli.output import Output

    if check and import_ is not None:
        refuse("Give --check or --import, not both.")
    with Output(as_json) as output:
        if check:
            compare(arm, hardware, output)
        elif import_ is not None:
            take_over(arm, hardware, import_, output)
        else:
            calibrate_by_hand(arm, hardware, output)
