"""Where episodes start: of large datasets some of them, and nothing where no state is kept."""

import json
from pathlib import Path

import pytest

from lerecord.dataset.format import layout
from lerecord.ui.episodes import Shelf, starts_of
from tests.dataset.lists import A, B, record


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("sets") / "set", [A, B, A, B, A])


def test_of_many_episodes_some_are_evenly_chosen(root: Path) -> None:
    book = Shelf(root).now()
    assert starts_of(book).episodes == (0, 1, 2, 3, 4)
    some = starts_of(book, most=3)
    assert (some.episodes, some.states.shape) == ((0, 2, 4), (3, 3))
    assert (some.low <= some.states).all()
    assert (some.states <= some.high).all()


def test_without_a_state_there_is_nothing_to_draw(root: Path) -> None:
    info = json.loads((root / layout.INFO).read_bytes())
    del info["features"]["observation.state"]
    (root / layout.INFO).write_text(json.dumps(info))
    starts = starts_of(Shelf(root).now())
    assert (starts.joints, starts.episodes, len(starts.low)) == ((), (), 0)
