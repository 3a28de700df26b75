"""One episode as one HTML file."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.v30 import export_v30
from lerecord.errors import DatasetError
from lerecord.ui.episodes import Shelf
from lerecord.ui.view import episode_page
from tests.dataset.lists import A, B, record

WRIST = "observation.images.wrist"


def data_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def videos(data: Any) -> list[bytes | None]:
    """What is left of each, decoded."""
    found = (camera["video"] for camera in data["cameras"])
    return [each and base64.b64decode(each.partition(",")[2]) for each in found]


def test_it_has_curves_and_videos_and_nothing_ends_its_script(tmp_path: Path) -> None:
    root = record(tmp_path / "set", [A, B])
    operations.relabel(root, [1], "Open </script><b> it")
    book = Shelf(root).now()
    page = episode_page(book, 1)
    data = data_of(page)
    assert (data["episode"], data["frames"], data["absent"]) == (1, 4, [])
    assert data["tasks"] == ["Open </script><b> it"]
    assert videos(data)[1] == (root / layout.video_file(1, WRIST)).read_bytes()
    assert str(tmp_path) not in page
    with pytest.raises(DatasetError, match="has no episode 2"):
        episode_page(book, 2)


def test_a_video_that_is_left_out_is_told(tmp_path: Path) -> None:
    root = record(tmp_path / "set", [A, B])
    sizes = [len(each or b"") for each in videos(data_of(episode_page(Shelf(root).now(), 0)))]
    data = data_of(episode_page(Shelf(root).now(), 0, most_video_mb=sizes[0] / 1e6))
    assert [each is None for each in videos(data)] == [False, True]
    assert "wrist is left out: the videos of a file may have" in data["absent"][0]
    export_v30(root, newer := tmp_path / "newer")
    data = data_of(episode_page(Shelf(newer).now(), 0))
    assert videos(data) == [None, None]
    assert all("it has other episodes, too" in each for each in data["absent"])
