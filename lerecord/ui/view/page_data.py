"""What the page is told of one episode, and of where all of them start."""

from typing import Any

from lerecord.ui.episodes import Book, episode_document, facts_of, nested, starts_of


def episode_data(book: Book, episode: int) -> dict[str, Any]:
    """All of an episode, and where the page finds its videos; raises DatasetError."""
    data = episode_document(facts_of(book, episode))
    for place, camera in enumerate(data["cameras"]):
        camera["video"] = f"/video/{episode}/{place}?v={book.version}"
    return data | {"version": book.version}


def starts_data(book: Book) -> dict[str, Any]:
    """Where the episodes start, joint by joint; raises DatasetError."""
    starts = starts_of(book)
    return {
        "version": book.version,
        "episodes": list(starts.episodes),
        "joints": [
            {"name": name, "low": low, "high": high, "starts": values}
            for name, low, high, values in zip(
                starts.joints,
                nested(starts.low),
                nested(starts.high),
                nested(starts.states.T),
                strict=True,
            )
        ],
    }
