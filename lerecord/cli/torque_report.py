"""What `lerecord torque off` does: whatever else is wrong, each servo is told to let go."""

from lerecord.bringup import torque_off
from lerecord.cli.calibrate_session import real_arms
from lerecord.cli.output import Output
from lerecord.errors import LerecordError


def let_go(hardware: str | None, output: Output) -> int:
    """Torque off in every arm; the exit status, 0 when all of them are limp.

    Raises:
        ConfigError: there is no such rig.
    """
    failed: dict[str, list[str]] = {}
    for place in real_arms(hardware):
        try:
            failed[place.name] = list(torque_off(place.name, place.bus()).values())
        except LerecordError as error:
            failed[place.name] = [str(error)]
    lines = (
        sentence
        for name, sentences in failed.items()
        for sentence in sentences or [f"The {name} is limp."]
    )
    limp = [name for name, sentences in failed.items() if not sentences]
    output.result({"limp": limp, "failed": failed}, lines)
    return 2 if any(failed.values()) else 0
