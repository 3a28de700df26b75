"""Links and missing files: every episode keeps its own images, or nothing is touched."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lerecord.dataset.edit import Edited, operations
from lerecord.dataset.format import layout
from lerecord.dataset.join import merge
from lerecord.dataset.storage import Transaction, finish_pending
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from tests.dataset.lists import A, B, C, D, record, small_lab, stage, tree

FRONT = "observation.images.front"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("links") / "set", [A, B, C, D])


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "set")
    return tmp_path / "set"


def names(root: Path) -> dict[str, str]:
    """Every path of a dataset and what it leads to, links to nothing included."""
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else ""
        for path in sorted(root.rglob("*"))
        if not path.is_relative_to(root / layout.PRIVATE)
    }


def linked(root: Path, cache: Path) -> Path:
    """Every file becomes a relative link into a cache, as the Hub's client leaves them."""
    cache.mkdir()
    for number, path in enumerate([path for path in sorted(root.rglob("*")) if path.is_file()]):
        if not path.is_relative_to(root / layout.PRIVATE):
            path.rename(cache / str(number))
            path.symlink_to(os.path.relpath(cache / str(number), path.parent))
    return cache


@pytest.mark.parametrize(
    "operation",
    [
        lambda root: operations.delete(root, [0]),
        lambda root: operations.relabel(root, [1], "z"),
        lambda root: operations.trim(root, 1, 1 / 30),
    ],
    ids=["delete", "relabel", "trim"],
)
def test_a_dataset_of_links_is_edited_and_what_they_lead_to_stays(
    root: Path, template: Path, tmp_path: Path, operation: Callable[[Path], Edited]
) -> None:
    cache = linked(root, tmp_path / "cache")
    before, cached = tree(root), tree(cache)
    plain = tmp_path / "plain"
    shutil.copytree(template, plain)
    operation(root)
    operation(plain)
    assert tree(root) == tree(plain)
    assert tree(cache) == cached
    assert check(root).findings == []
    operations.undo(root)
    assert tree(root) == before
    assert tree(cache) == cached


def test_an_episode_is_appended_to_a_dataset_of_links(root: Path, tmp_path: Path) -> None:
    cache = linked(root, tmp_path / "cache")
    cached = tree(cache)
    lab = small_lab(root)
    with lab.open() as writer:
        writer.commit(stage(lab, writer, A))
    assert tree(root) == tree(record(tmp_path / "scratch", [A, B, C, D, A]))
    assert tree(cache) == cached


@pytest.mark.parametrize("name", [layout.video_file(2, FRONT), layout.data_file(2)])
@pytest.mark.parametrize("link", [True, False])
def test_an_episode_is_not_moved_without_its_files(root: Path, name: str, link: bool) -> None:
    (root / name).unlink()
    if link:
        (root / name).symlink_to("/not/mounted/file")
    before = names(root), tree(root)
    with pytest.raises(DatasetError, match="this change needs it, so nothing was changed") as said:
        operations.delete(root, [0])
    assert name in str(said.value)
    assert ("is a link to /not/mounted/file" if link else "is missing") in str(said.value)
    assert (names(root), tree(root)) == before
    operations.delete(root, [0, 2])
    assert check(root).findings == []
    assert tree(root) == tree(record(root.with_name("scratch"), [B, D]))


def test_a_sidecar_that_is_a_link_to_nothing_is_not_forgotten(root: Path) -> None:
    name = layout.capture_file(1)
    (root / name).unlink()
    (root / name).symlink_to("nowhere")
    with pytest.raises(DatasetError, match=r"episode_000001\.arrow is a link to nowhere"):
        operations.delete(root, [0])


@pytest.mark.parametrize("missing", [[layout.video_file(1, FRONT)], [layout.capture_file(1)]])
def test_an_episode_that_lost_a_file_is_deleted_and_comes_back_as_it_was(
    root: Path, missing: list[str]
) -> None:
    for name in missing:
        (root / name).unlink()
    before = tree(root)
    operations.delete(root, [1])
    after = tree(root)
    assert after == tree(record(root.with_name("scratch"), [A, C, D]))
    operations.undo(root)
    assert tree(root) == before
    operations.redo(root)
    assert tree(root) == after


def test_an_episode_that_lost_its_frames_is_deleted_for_good(root: Path) -> None:
    (root / layout.data_file(1)).unlink()
    operations.delete(root, [1])
    assert tree(root) == tree(record(root.with_name("scratch"), [A, C, D]))
    with pytest.raises(DatasetError, match="`delete 1` cannot be undone: data/chunk-000/episode"):
        operations.undo(root)


@pytest.mark.parametrize("name", [layout.video_file(1, FRONT), layout.data_file(1)])
def test_an_episode_that_lost_a_file_is_done_again(root: Path, name: str) -> None:
    (root / name).unlink()
    lab = small_lab(root)
    with lab.open() as writer:
        writer.replace(1, stage(lab, writer, D))
        assert writer.left_takes == []
    assert tree(root) == tree(record(root.with_name("scratch"), [A, D, C, D]))


def test_the_file_that_a_staged_one_replaces_is_not_taken_for_it(root: Path) -> None:
    """A staged file that went away after the mark: the old one is another episode's."""

    class Killed(BaseException):
        pass

    def probe(step: str) -> None:
        if step.startswith("step 0"):
            raise Killed

    def killed() -> None:
        with Transaction(root, probe) as change:
            change.bring(layout.video_file(1, FRONT), layout.video_file(0, FRONT))
            change.commit()

    with pytest.raises(Killed):
        killed()
    (staged,) = (root / layout.TRANSACTIONS).glob("*/000000")
    staged.unlink()
    with pytest.raises(DatasetError, match="was lost while the dataset was changed"):
        finish_pending(root)


def test_a_merge_has_no_link_into_its_sources(root: Path, tmp_path: Path) -> None:
    linked(root, tmp_path / "cache")
    merge(tmp_path / "merged", [root, root])
    assert set(names(tmp_path / "merged").values()) == {""}
    shutil.rmtree(tmp_path / "cache")
    assert check(tmp_path / "merged").findings == []
