"""What the page is told of one episode."""

from typing import Any

from lerecord.ui.episodes import Book, episode_document, facts_of


def episode_data(book: Book, episode: int) -> dict[str, Any]:
    """All of an episode, and where the page finds its videos; raises DatasetError."""
    data = episode_document(facts_of(book, episode))
    for place, camera in enumerate(data["cameras"]):
        camera["video"] = f"/video/{episode}/{place}?v={book.version}"
    return data | {"version": book.version}
