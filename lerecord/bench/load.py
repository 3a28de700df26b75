"""What `lerecord bench` records."""

from dataclasses import dataclass

from lerecord.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Load:
    """What is recorded: cameras of one size and rate, takes of some seconds."""

    cameras: int
    fps: int
    width: int
    height: int
    seconds: float
    takes: int
    seed: int = 0


def size_of(text: str) -> tuple[int, int]:
    """Width and height from "640x480".

    Raises:
        ConfigError: it is not of that form.
    """
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) % 2 == int(height) % 2 == 0):
        raise ConfigError(f"The size {text!r} is not two even numbers like 640x480; correct it.")
    return int(width), int(height)
