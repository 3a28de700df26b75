"""The addresses of the page, and what each answers."""

import os
from functools import lru_cache
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from lerecord.dataset.format import IMAGE_PREFIX, layout, open_regular
from lerecord.errors import DatasetError
from lerecord.ui.episodes import Book, Shelf, motion_of
from lerecord.ui.view.editing import Editing
from lerecord.ui.view.page_data import episode_data, starts_data
from lerecord.ui.web import Files, answering, json_reply

_PACKAGES = ("lerecord.ui.web", "lerecord.ui.view")
_OUTLINES_KEPT = 4096
_LABELS = {True: "success", False: "failure", None: None}


def view_app(shelf: Shelf) -> Starlette:
    """An ASGI application that shows a dataset; a gate belongs before it."""
    page = _Page(shelf)
    files = Files(_PACKAGES)
    answers = {
        "/api/dataset": page.dataset,
        "/api/version": page.version,
        "/api/episodes": page.episodes,
        "/api/episodes/{episode:int}": page.episode,
        "/api/starts": page.starts,
        "/api/motion/{episode:int}": page.motion,
        "/video/{episode:int}/{camera:int}": page.video,
    }
    return Starlette(
        routes=[
            Route("/", files.page),
            Route("/assets/{name}", files.asset),
            *Editing(shelf).routes(),
            *(Route(path, answering(answer)) for path, answer in answers.items()),
        ]
    )


class _Page:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._outline = lru_cache(_OUTLINES_KEPT)(self._motion)

    def dataset(self, request: Request) -> Response:
        return json_reply(_dataset_data(self._shelf.now()))

    def version(self, request: Request) -> Response:
        return json_reply({"version": self._shelf.now().version})

    def episodes(self, request: Request) -> Response:
        book = self._shelf.now()
        rows = [_row_data(book, record.index) for record in book.records]
        return json_reply({"version": book.version, "episodes": rows})

    def episode(self, request: Request) -> Response:
        return json_reply(episode_data(self._shelf.now(), request.path_params["episode"]))

    def starts(self, request: Request) -> Response:
        return json_reply(starts_data(self._shelf.now()))

    def motion(self, request: Request) -> Response:
        book = self._shelf.now()
        return json_reply(self._outline(book.version, request.path_params["episode"]))

    def video(self, request: Request) -> Response:
        """An mp4, whole or in part; whatever else lies there is not shown."""
        where = request.path_params
        path = self._shelf.now().video(where["episode"], where["camera"]).path
        with os.fdopen(open_regular(path), "rb") as file:
            if file.read(8)[4:] != b"ftyp":
                raise DatasetError(f"{path} is no mp4; restore it from a copy.")
        return FileResponse(path, media_type="video/mp4", headers={"Cache-Control": "no-cache"})

    def _motion(self, version: str, episode: int) -> list[int]:
        return motion_of(self._shelf.now(), episode)


def _dataset_data(book: Book) -> dict[str, Any]:
    info, stored = book.stored.info, book.stored
    known = stored.meta[layout.HARDWARE] is not None
    return {
        "version": book.version,
        "name": stored.root.resolve().name,
        "folder": str(stored.root),
        "robot": info.robot_type,
        "simulated": stored.spec().simulated if known else None,
        "fps": info.fps,
        "frames": info.frames,
        "episodes": info.episodes,
        "cameras": [each.key.removeprefix(IMAGE_PREFIX) for each in info.videos],
        "tasks": list(stored.tasks().values()),
        "closed": book.closed,
    }


def _row_data(book: Book, episode: int) -> dict[str, Any]:
    record, overview = book.records[episode], book.overviews[episode]
    return {
        "episode": episode,
        "frames": record.length,
        "seconds": round(overview.seconds, 3),
        "tasks": list(overview.tasks),
        "health": overview.health,
        "verdict": overview.verdict,
        "label": _LABELS[overview.success],
        "note": overview.note,
    }
