"""The addresses that change a dataset: what marks would do, doing it, and taking it back."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from lerecord.dataset.edit import Edited, operations, to_redo, to_undo
from lerecord.errors import LerecordError
from lerecord.ui.episodes import Shelf
from lerecord.ui.view.marks import Back, Wish, require_open, require_version, steps
from lerecord.ui.web import answering, json_reply, posted


class Editing:
    """Edits of one dataset, one at a time.

    Args:
        shelf: of the dataset.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._turn = threading.Lock()

    def routes(self) -> list[Route]:
        """The addresses."""
        return [
            Route("/api/history", answering(lambda _: self.history())),
            Route("/api/preview", posted(Wish, self.preview), methods=["POST"]),
            Route("/api/apply", posted(Wish, self.apply), methods=["POST"]),
            Route("/api/undo", posted(Back, self.undo), methods=["POST"]),
            Route("/api/redo", posted(Back, self.redo), methods=["POST"]),
        ]

    def history(self) -> Response:
        """What could be undone and redone now, as it would be typed."""
        if self._shelf.now().closed:
            return json_reply({"undo": None, "redo": None})
        root = self._shelf.root
        return json_reply({"undo": to_undo(root), "redo": to_redo(root)})

    def preview(self, wish: Wish) -> Response:
        """What the marks would do, a sentence an edit; nothing is changed."""
        return json_reply({"steps": [step.sentence for step in steps(self._shelf.now(), wish)]})

    def apply(self, wish: Wish) -> Response:
        """Do it, edit by edit; after one that is refused the others are not tried."""
        done: list[str] = []
        with self._turn:
            for step in steps(self._shelf.now(), wish):
                try:
                    done.append(step.apply(self._shelf.root).done.said)
                except LerecordError as error:
                    return json_reply({"done": done, "error": str(error)}, 409)
        return json_reply({"done": done})

    def undo(self, back: Back) -> Response:
        """Take the last edit back."""
        return self._back(back, operations.undo)

    def redo(self, back: Back) -> Response:
        """Take the last undo back."""
        return self._back(back, operations.redo)

    def _back(self, back: Back, operation: Callable[[Path], Edited]) -> Response:
        with self._turn:
            book = self._shelf.now()
            require_open(book)
            require_version(book, back.version)
            done: Any = operation(self._shelf.root).done.said
        return json_reply({"done": [done]})
