"""Checks of labels: each is of an episode that there is, once, and says what a label can say."""

from lerecord.dataset.format import Label, layout, metadata
from lerecord.dataset.read import Stored
from lerecord.dataset.verify.findings import Place
from lerecord.errors import DatasetError


def check_labels(stored: Stored, episodes: int, place: Place) -> None:
    """Check the file of labels; most datasets have none."""
    data = stored.meta[layout.LABELS]
    if not data:
        return
    if not data.endswith(b"\n"):
        place.wrong(f"{layout.LABELS} does not end in a newline; the next label would be lost.")
    try:
        lines = metadata.parse_annotation(layout.LABELS, data)
        for line in lines:
            Label.from_values(line.values)
    except DatasetError as error:
        place.wrong(str(error))
        return
    numbers = [line.episode for line in lines]
    if numbers != sorted({number for number in numbers if number < episodes}):
        place.wrong(f"{layout.LABELS} has the episodes {numbers} where there are {episodes}.")
