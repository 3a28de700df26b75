import shutil
from pathlib import Path

import pytest

from lerecord.fleet import State
from tests.dataset.lists import A, B, C, record


@pytest.fixture(scope="session")
def two_recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stations: `one` with the dataset `box`, `two` with `box` and `cup`."""
    folder = tmp_path_factory.mktemp("fleet")
    record(folder / "one/box", [A, B, C])
    record(folder / "two/cup", [C, A])
    shutil.copytree(folder / "one/box", folder / "two/box")
    return folder


@pytest.fixture
def stations(two_recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(two_recorded, tmp_path / "stations"))


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")
