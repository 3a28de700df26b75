"""One episode as one HTML file, to be sent: it asks nobody for anything."""

import base64
import json
import os
from html import escape
from importlib.resources import files
from typing import Any

from lerecord.dataset.format import open_regular
from lerecord.ui.episodes import Book
from lerecord.ui.view.page_data import episode_data

MOST_VIDEO_MB = 64
"""All videos of a file together; browsers keep them in memory."""
_STYLES = (("lerecord.ui.web", "base.css"), ("lerecord.ui.view", "view.css"))
_SCRIPTS = (
    ("lerecord.ui.web", "dom.js"),
    *(("lerecord.ui.view", each) for each in ("player.js", "plot.js", "single.js")),
)


def episode_page(book: Book, episode: int, most_video_mb: float = MOST_VIDEO_MB) -> str:
    """The file; a video that is left out is told in it by a sentence.

    Args:
        book: the dataset.
        episode: its number.
        most_video_mb: of all videos together.

    Raises:
        DatasetError: there is no such episode, or it cannot be read.
    """
    data = episode_data(book, episode)
    data["absent"] = _put_videos_in(book, data, most_video_mb)
    texts = {
        "TITLE": escape(f"{book.stored.root.resolve().name}, episode {episode}"),
        "STYLE": "\n".join(_asset(*each) for each in _STYLES),
        "IMPORTS": _in_script({"imports": {name: _module(at, name) for at, name in _SCRIPTS}}),
        "DATA": _in_script(data),
    }
    first, *parts = _asset("lerecord.ui.view", "single.html").split("@")
    return first + "".join(texts.get(each, each) for each in parts)


def _put_videos_in(book: Book, data: dict[str, Any], most_video_mb: float) -> list[str]:
    """Each camera's video as a data URI, or None; the sentences about what is left out."""
    absent = []
    left = most_video_mb * 1e6
    for place, camera in enumerate(data["cameras"]):
        segment = book.video(data["episode"], place)
        camera["video"] = None
        if segment.to_s is not None:
            absent.append(
                f"The video of {camera['name']} is left out: it has other episodes, too. A copy of "
                f"the dataset by `lerecord import` has a video for each."
            )
            continue
        with os.fdopen(open_regular(segment.path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > left:
                absent.append(
                    f"The video of {camera['name']} is left out: the videos of a file may have "
                    f"{most_video_mb:g} MB together."
                )
                continue
            left -= size
            camera["video"] = f"data:video/mp4;base64,{base64.b64encode(file.read()).decode()}"
    return absent


def _module(package: str, name: str) -> str:
    """A script as an address; what it imports it finds by name alone."""
    text = _asset(package, name).replace('from "./', 'from "')
    return f"data:text/javascript;base64,{base64.b64encode(text.encode()).decode()}"


def _asset(package: str, name: str) -> str:
    return (files(package) / "assets" / name).read_text(encoding="utf-8")


def _in_script(data: Any) -> str:
    """Data as JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c")
