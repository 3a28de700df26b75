from pathlib import Path

import pytest

from lerecord.dataset.edit import Watch, operations
from lerecord.dataset.format import layout
from lerecord.dataset.storage import PendingView
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from lerecord.hub import frozen
from lerecord.hub.frozen import Frozen
from tests.hub.conftest import local_files

LINK = frozen._link


def test_files_of_episodes_take_no_room(dataset: Path) -> None:
    with Frozen(dataset) as held:
        name = layout.data_file(0)
        assert (held.dataset / name).samefile(dataset / name)
        assert local_files(held.dataset) == local_files(dataset)


def test_a_change_while_it_is_taken_is_taken_wholly(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = []

    def link(view: PendingView, name: str, target: Path) -> None:
        links.append(name)
        LINK(view, name, target)
        if len(links) == 3:
            operations.delete(dataset, [0], Watch())

    monkeypatch.setattr(frozen, "_link", link)
    with Frozen(dataset) as held:
        assert local_files(held.dataset) == local_files(dataset)
        assert check(held.dataset).sound


def test_a_dataset_that_never_rests_is_one_sentence(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = 0

    def link(view: PendingView, name: str, target: Path) -> None:
        nonlocal changes
        changes += 1
        (dataset / layout.TASKS).touch()
        (dataset / layout.HEALTH).write_text(f'{{"episode_index": {changes}}}\n', encoding="utf-8")

    monkeypatch.setattr(frozen, "_link", link)
    with pytest.raises(DatasetError, match="keeps changing"), Frozen(dataset):
        pass
    assert [path.name for path in dataset.parent.iterdir()] == ["box"]


def test_what_other_programs_keep_in_meta_goes_along(dataset: Path) -> None:
    (dataset / "meta" / "modality.json").write_text("{}", encoding="utf-8")
    (dataset / "meta" / ".hidden").touch()
    with Frozen(dataset) as held:
        assert (held.dataset / "meta" / "modality.json").exists()
        assert not (held.dataset / "meta" / ".hidden").exists()


def test_a_folder_that_is_no_dataset_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a dataset"), Frozen(tmp_path / "none"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", [layout.INFO, layout.HARDWARE, layout.data_file(0), "README.md", "meta/notes.txt"]
)
def test_what_a_link_leads_to_is_not_sent(dataset: Path, name: str) -> None:
    path, elsewhere = dataset / name, dataset.parent / "elsewhere"
    if path.exists():
        path.rename(elsewhere)
    else:
        elsewhere.write_text("secret")
    path.symlink_to(elsewhere)
    with pytest.raises(DatasetError, match=f"{name} is a link"), Frozen(dataset):
        raise AssertionError("it was taken")


@pytest.mark.parametrize("folder", ["meta", "data/chunk-000", "videos"])
def test_nothing_behind_a_linked_folder_is_sent(dataset: Path, folder: str) -> None:
    elsewhere = (dataset / folder).rename(dataset.parent / "elsewhere")
    (dataset / folder).symlink_to(elsewhere)
    with pytest.raises(DatasetError, match=f"{folder} is a link"), Frozen(dataset):
        raise AssertionError("it was taken")


def test_a_link_in_its_place_of_work_is_refused(dataset: Path) -> None:
    dear = dataset.parent / "dear"
    (dear / "frozen").mkdir(parents=True)
    (dataset.parent / ".box.push").symlink_to(dear)
    with pytest.raises(DatasetError, match=r"\.box\.push is a link"), Frozen(dataset):
        raise AssertionError("it was taken")
    assert [path.name for path in dear.iterdir()] == ["frozen"]
