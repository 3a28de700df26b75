import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lerecord.errors import ConfigError
from lerecord.hub import PushOptions, settled
from lerecord.hub.destinations import Destination, keep, recalled
from lerecord.hub.target import UnconfirmedError, remember

HERE = PushOptions("me/box")
FROM_MEMORY = PushOptions()


class Person:
    """Answers questions, and knows them afterwards."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        if not self._answers:
            raise EOFError
        return self._answers.pop(0)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/lerecord/pushed.json"


def chosen(root: Path, options: PushOptions, ask: Callable[[str], str] | None) -> PushOptions:
    """What a push does with the options, and keeps when it begins."""
    done = settled(root, options, ask)
    assert done.repo_id is not None
    keep(Destination.of(root, done.repo_id, done.license))
    return done


def test_a_licence_is_asked_for_once(tmp_path: Path) -> None:
    person = Person("CC-BY-4.0")
    assert chosen(tmp_path, HERE, person).license == "cc-by-4.0"
    assert person.asked == ["License for me/box, such as cc-by-4.0 (Enter for none): "]
    assert chosen(tmp_path, HERE, person).license == "cc-by-4.0"
    assert chosen(tmp_path, HERE, None).license == "cc-by-4.0"
    assert chosen(tmp_path, PushOptions("me/box", license="mit"), None).license == "mit"
    assert chosen(tmp_path, PushOptions("me/box", license="none"), None).license == ""
    assert chosen(tmp_path, HERE, person).license == ""
    assert len(person.asked) == 1


@pytest.mark.parametrize("person", [Person(""), Person(), Person("none")])
def test_without_an_answer_there_is_no_licence(tmp_path: Path, person: Person) -> None:
    assert chosen(tmp_path, HERE, None).license is None
    assert chosen(tmp_path, HERE, person).license == ""
    assert chosen(tmp_path, HERE, person).license == ""
    assert len(person.asked) == 1


def test_a_dataset_with_a_card_of_its_own_needs_no_licence(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    person = Person("mit")
    assert chosen(tmp_path, HERE, person).license is None
    assert person.asked == []


@pytest.mark.parametrize("license_", ["my own", "mit\nmit", "../x", "a: b", "\x1b[2J", "x" * 99])
def test_what_is_no_licence_is_refused(tmp_path: Path, license_: str) -> None:
    with pytest.raises(ConfigError, match="is not a license identifier"):
        settled(tmp_path, PushOptions("me/box", license=license_))


def test_a_repository_that_only_the_dataset_names_is_confirmed(tmp_path: Path) -> None:
    remember(tmp_path, "me/box")
    for answers in ([""], ["n"], []):
        with pytest.raises(UnconfirmedError):
            settled(tmp_path, FROM_MEMORY, Person(*answers))
    with pytest.raises(UnconfirmedError):
        settled(tmp_path, FROM_MEMORY)
    person = Person("y", "")
    assert chosen(tmp_path, FROM_MEMORY, person).repo_id == "me/box"
    assert "you have not pushed it there from this folder" in person.asked[0]
    assert chosen(tmp_path, FROM_MEMORY, None).repo_id == "me/box"


def test_what_was_chosen_for_one_folder_and_hub_is_not_taken_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for root in (here, there):
        root.mkdir()
        remember(root, "me/box")
    chosen(here, HERE, None)
    assert settled(here, FROM_MEMORY).repo_id == "me/box"
    with pytest.raises(UnconfirmedError):
        settled(there, FROM_MEMORY)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.lab")
    with pytest.raises(UnconfirmedError):
        settled(here, FROM_MEMORY)


def test_no_password_is_kept(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://me:hunter2@hub.lab")
    chosen(tmp_path, HERE, None)
    assert "hunter2" not in state.read_text(encoding="utf-8")
    assert settled(tmp_path, HERE).repo_id == "me/box"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"pushed": [{}]}', '{"pushed": 3}', "\0"])
def test_a_damaged_file_vouches_for_nothing(tmp_path: Path, state: Path, text: str) -> None:
    state.parent.mkdir(parents=True)
    state.write_text(text, encoding="utf-8")
    assert recalled(tmp_path) is None
    chosen(tmp_path, HERE, None)
    assert len(json.loads(state.read_text(encoding="utf-8"))["pushed"]) == 1


def test_without_a_folder_of_ones_own_a_push_is_possible(tmp_path: Path, state: Path) -> None:
    state.parent.parent.mkdir()
    state.parent.write_text("in the way", encoding="utf-8")
    assert chosen(tmp_path, HERE, None).repo_id == "me/box"
    assert recalled(tmp_path) is None


def test_where_it_was_pushed_is_never_kept_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    assert chosen(tmp_path, HERE, None).repo_id == "me/box"
    assert (tmp_path / "home/.local/state/lerecord/pushed.json").is_file()
    assert not (tmp_path / "state").exists()
    monkeypatch.setattr("lerecord.hub.destinations.state_folder", lambda environ: None)
    assert chosen(tmp_path, HERE, None).repo_id == "me/box"
    assert recalled(tmp_path) is None
