import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from lerecord.processes import Vocabulary


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float | None


@dataclass(frozen=True, slots=True)
class Drawn:
    where: tuple[Point, ...]
    colour: Colour
    file: Path | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    pass


WORDS = Vocabulary("event", drawn=Drawn, gone=Gone)


@pytest.mark.parametrize(
    "message",
    [
        Gone(),
        Drawn((Point(1.5, None), Point(0.0, 2.0)), Colour.RED, Path("/a/b"), ("x",)),
        Drawn((), Colour.RED, None),
    ],
)
def test_a_message_comes_back_as_it_was(message: object) -> None:
    over_the_pipe = json.loads(json.dumps(WORDS.write(message)))
    assert WORDS.read(over_the_pipe) == message


def test_the_word_travels_under_the_key() -> None:
    assert WORDS.write(Gone()) == {"event": "gone"}
