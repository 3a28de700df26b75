"""`lerecord setup-motors`."""

from typing import Annotated

import typer

from lerecord.cli.options import AsJson


def setup_motors(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="The arm's driver, such as koch or so101.")
    ],
    role: Annotated[str, typer.Argument(metavar="ROLE", help="leader or follower.")],
    port: Annotated[
        str, typer.Option(metavar="PATH", help="Its port; `lerecord find ports` lists them.")
    ],
    joint: Annotated[
        list[str] | None,
        typer.Option("--joint", metavar="JOINT", help="Only this joint; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give new servos their ids, one at a time.

    Plug in one servo after the other as you are asked. Break it off at any time: a servo that was
    set up already is recognized.
    """
    from lerecord.cli.output import Output
    from lerecord.cli.setup_motors_session import set_up_each

    with Output(as_json) as output:
        set_up_each((kind, role), port, joint, output)
