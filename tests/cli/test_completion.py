"""What the Tab key gives: commands, options and datasets."""

import sys
from pathlib import Path

import pytest

from lerecord.cli import main
from lerecord.cli.completion import datasets
from lerecord.cli.table import TABLE


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("datasets/box", "datasets/cup", "here", "deep/er/set"):
        (tmp_path / name / "meta").mkdir(parents=True)
        (tmp_path / name / "meta" / "info.json").write_text("{}")
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path)


def completed(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """As bash asks for it, with the cursor at the end of the line."""
    monkeypatch.setenv("_LERECORD_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    monkeypatch.setattr(sys, "argv", ["lerecord"])
    with pytest.raises(SystemExit):
        main()
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("lerecord ", [*TABLE]),
        ("lerecord re", ["record", "rerecord", "recover", "replay"]),
        ("lerecord edit t", ["trim"]),
        ("lerecord check --q", ["--quick"]),
        ("lerecord info ", ["datasets/box", "datasets/cup", "here"]),
        ("lerecord edit trim datasets/c", ["datasets/cup"]),
        ("lerecord rerecord h", ["here"]),
        ("lerecord merge here datasets/b", ["datasets/box"]),
        ("lerecord record --dataset datasets/", ["datasets/box", "datasets/cup"]),
    ],
)
def test_commands_options_and_datasets_are_completed(
    line: str,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert sorted(completed(line, monkeypatch, capsys)) == sorted(words)


def test_a_name_with_a_star_is_a_name(tmp_path: Path) -> None:
    assert datasets("dat*") == []
    assert datasets("./h") == ["./here"]
    assert datasets("deep/") == ["deep/er/set"]
    assert datasets(str(tmp_path / "he")) == [str(tmp_path / "here")]
