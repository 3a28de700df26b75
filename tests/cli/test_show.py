"""`lerecord show`: one episode, in words, as JSON, and as a sheet of images."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from lerecord.cli import main
from lerecord.dataset.v30 import export_v30
from tests.dataset.lists import A, B, record

Told = Callable[..., tuple[int, str, str]]
"""Runs the command on these words: its exit status, stdout and stderr."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("sets") / "set", [A, B])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["lerecord", "show", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_the_last_one_is_shown_unless_another_is_named(root: Path, told: Told) -> None:
    for words in ((root,), (root, "last"), (root, 1)):
        status, out, _ = told(*words)
        assert (status, out.splitlines()[0].rstrip()) == (0, "Episode 1  b")
    assert told(root, 0)[1].startswith("Episode 0  a")


def test_v30_is_shown_alike(root: Path, told: Told, tmp_path: Path) -> None:
    export_v30(root, newer := tmp_path / "newer")
    data, same = (json.loads(told(each, 1, "--json")[1]) for each in (newer, root))
    assert [camera.pop("from_s") > 0 for camera in data["cameras"]] == [True, True]
    for camera in (*data["cameras"], *same["cameras"]):
        camera |= {"from_s": 0, "shared": None}
    assert data | {"dataset": None} == same | {"dataset": None}
    assert told(newer, 1)[1] == told(root, 1)[1]


def test_the_sheet_has_a_row_a_camera_and_replaces_nothing(
    root: Path,
    told: Told,
    tmp_path: Path,
) -> None:
    file = tmp_path / "sheet.jpg"
    status, out, _ = told(root, 1, "--sheet", file)
    assert (status, out.splitlines()[-1]) == (0, f"Images of its cameras are in {file}.")
    sheet = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
    assert sheet is not None
    height, width = sheet.shape[:2]
    assert (height, width) == (6 + 240 + 28 + round(320 * 64 / 48) + 28, 6 + 4 * 326)
    before = file.read_bytes()
    assert told(root, 1, "--sheet", file)[2].count("exists already") == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("2",), "has no episode 2"),
        (("3-4",), "'3-4' is not an episode"),
        (("0", "--sheet", "sheet.png"), "let its name end in .jpg"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(
    root: Path,
    told: Told,
    words: tuple[str, ...],
    reason: str,
) -> None:
    status, out, err = told(root, *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert reason in err


def test_a_terminal_that_knows_no_braille_gets_numbers(
    root: Path,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lerecord.cli.show_report._draws", lambda: False)
    out = told(root, 0)[1]
    assert "shoulder_pan.pos" in out
    assert not [each for each in out if "⠀" <= each <= "⣿"]
