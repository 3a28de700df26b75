"""Checks of what is known of episodes beside their frames: labels, and reviews of the takes."""

from lerecord.dataset.format import Label, layout, metadata, remarks_of, review_of
from lerecord.dataset.read import Stored
from lerecord.dataset.verify.findings import Place
from lerecord.errors import DatasetError


def check_labels(stored: Stored, episodes: int, place: Place) -> dict[int, Label] | None:
    """Check the file of labels; the labels by episode, None when they cannot be read."""
    data = stored.meta[layout.LABELS]
    if not data:
        return {}
    if not data.endswith(b"\n"):
        place.wrong(f"{layout.LABELS} does not end in a newline; the next label would be lost.")
    try:
        lines = metadata.parse_annotation(layout.LABELS, data)
        labels = {line.episode: Label.from_values(line.values) for line in lines}
    except DatasetError as error:
        place.wrong(str(error))
        return None
    numbers = [line.episode for line in lines]
    if numbers != sorted({number for number in numbers if number < episodes}):
        place.wrong(f"{layout.LABELS} has the episodes {numbers} where there are {episodes}.")
    return labels


def remark_reviews(stored: Stored, place: Place) -> None:
    """Remark what was said of each take, beside what its sidecar says again."""
    try:
        lines = metadata.parse_annotation(layout.HEALTH, stored.meta[layout.HEALTH] or b"")
        for line in lines:
            again = remarks_of(line.values, stored.info.fps)
            for reason in review_of(line.values) or ():
                if reason.text not in again:
                    Place(place.report, line.episode).remark(
                        reason.said_of(stored.root, line.episode)
                    )
    except (AttributeError, DatasetError, TypeError, ValueError) as error:
        place.wrong(f"{layout.HEALTH} is not of lerecord's form ({error}).")
