"""Which rigs and datasets the page offers."""

from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord.config import find_config, load_config
from lerecord.ui.start import Form, KeptForm, TaskLine, datasets, rigs
from tests.dataset.lists import A, B, record, small_lab, stage


def test_every_config_is_offered_by_name_and_simulated_ones_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hardware_configs").mkdir()
    (tmp_path / "hardware_configs/bad.toml").write_text("robot_tpe = 'koch'\n")
    found = {each.name: each for each in rigs()}
    assert {"bad", "koch", "sim"} <= found.keys()
    assert "did you mean 'robot_type'?" in (found["bad"].fault or "")
    simulated = {name for name, each in found.items() if each.simulated}
    assert simulated == {name for name in found if name.startswith("sim")}
    config = load_config(find_config("sim"))
    assert found["sim"].about.startswith(f"{config.robot_type}, 1 arm pair, cameras front")


def test_datasets_are_offered_with_what_they_hold_and_links_are_not(tmp_path: Path) -> None:
    record(tmp_path / "two", [A, B])
    lab = small_lab(record(tmp_path / "left", [A]))
    with lab.open() as writer:
        stage(lab, writer, B).close()
    record(tmp_path / "broken", [A])
    (tmp_path / "broken/meta/tasks.jsonl").unlink()
    (tmp_path / "broken/meta/episodes.jsonl").unlink()
    (tmp_path / "link").symlink_to("two")
    (tmp_path / "empty").mkdir()
    found = {each.name: each for each in datasets(tmp_path)}
    assert found.keys() == {"two", "left", "broken"}
    assert (found["two"].episodes, found["two"].left, found["two"].fault) == (2, 0, None)
    assert set(found["two"].tasks) == {A.task, B.task}
    assert found["left"].left == 1
    assert "episodes.jsonl" in (found["broken"].fault or "")
    assert datasets(tmp_path / "nowhere") == []


def test_takes_behind_a_link_are_not_looked_at(tmp_path: Path) -> None:
    takes = record(tmp_path / "sets" / "box", [A]) / ".lerecord/takes"
    takes.rmdir()
    (tmp_path / "outside/photos").mkdir(parents=True)
    takes.symlink_to(tmp_path / "outside")
    (found,) = datasets(tmp_path / "sets")
    assert found.left == 0
    assert "takes is a link" in (found.fault or "")


def test_the_last_form_is_kept_and_one_that_is_none_is_not_read(tmp_path: Path) -> None:
    kept = KeptForm.of_user({"XDG_STATE_HOME": str(tmp_path)})
    assert kept.read() is None
    form = Form(hardware="sim", tasks=(TaskLine(task="x", episodes=2), TaskLine(task="y")))
    kept.keep(form)
    assert kept.read() == form
    (path,) = (tmp_path / "lerecord").iterdir()
    path.write_text('{"hardware": 3}')
    assert kept.read() is None


def test_where_no_form_can_be_kept_that_is_said() -> None:
    nowhere = KeptForm(None)
    assert nowhere.read() is None
    with pytest.raises(OSError, match="this user has no home folder"):
        nowhere.keep(Form(hardware="sim"))


def test_the_form_is_never_kept_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path / "home"), "XDG_STATE_HOME": "state"}
    KeptForm.of_user(environ).keep(Form(hardware="sim"))
    assert [each.name for each in tmp_path.iterdir()] == ["home"]
