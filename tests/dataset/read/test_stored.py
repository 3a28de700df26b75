"""v3.0 is read like v2.1: whoever reads a dataset gets the same of both."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from lerecord.dataset.format import layout
from lerecord.dataset.join import merge
from lerecord.dataset.overview import episodes, summary
from lerecord.dataset.read import Dataset
from lerecord.dataset.v30 import Exporting, export_v30
from lerecord.dataset.verify import check
from tests.dataset.lists import A, B, C, record, tree

WRIST = "observation.images.wrist"
MB = 1 << 20


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("stored") / "older", [A, B, C])


@pytest.fixture(scope="module")
def made(older: Path) -> Path:
    """With two episodes in the first file of each kind, and one in the second."""
    out = older.with_name("newer")
    sizes = [(older / layout.video_file(each, WRIST)).stat().st_size for each in range(3)]
    export_v30(older, out, Exporting(data_file_mb=0.001, video_file_mb=(sum(sizes) - 1) / MB))
    return out


@pytest.fixture
def newer(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "newer"))


def assert_same(left: Path, right: Path) -> None:
    """What a trainer gets of two datasets, to the type."""
    one, other = Dataset(left), Dataset(right)
    assert (one.episodes, one.tasks, one.fps) == (other.episodes, other.tasks, other.fps)
    assert (one.features, one.robot_type) == (other.features, other.robot_type)
    for mine, due in zip(one, other, strict=True):
        assert list(mine) == list(due)
        assert all(np.array_equal(mine[key], due[key]) for key in mine)
    pairs = zip((one.stats, *one.episode_stats), (other.stats, *other.episode_stats), strict=True)
    for mine, due in pairs:
        assert list(mine) == list(due)
        for key, each in mine.items():
            assert each.count == due[key].count
            for name in ("min", "max", "mean", "std"):
                found, expected = getattr(each, name), getattr(due[key], name)
                assert found.dtype == expected.dtype
                assert np.allclose(found, expected, rtol=1e-12)


def test_what_it_holds_is_the_same(older: Path, newer: Path) -> None:
    before = tree(newer)
    assert_same(older, newer)
    assert episodes(newer) == episodes(older)
    one, other = summary(older), summary(newer)
    assert (one.tasks, one.cameras, one.simulated) == (other.tasks, other.cameras, other.simulated)
    assert tree(newer) == before


def test_it_passes_the_same_check_and_is_merged_with_the_other_form(
    older: Path, newer: Path, tmp_path: Path
) -> None:
    assert (check(newer).findings, check(newer).remarks) == ([], [])
    merge(tmp_path / "mixed", [newer, older])
    merge(tmp_path / "plain", [older, older])
    assert (check(tmp_path / "mixed").findings, check(tmp_path / "mixed").remarks) == ([], [])
    assert_same(tmp_path / "plain", tmp_path / "mixed")
