from pathlib import Path

import pytest
from typer.testing import CliRunner

from lerecord.cli import app
from lerecord.dataset.format import layout
from lerecord.errors import DatasetError
from tests.dataset.lists import A, B, C, D, Scripted, record, small_lab, stage, tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return record(tmp_path / "set", [A, B, C, D])


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def scratch(root: Path, *takes: Scripted) -> dict[str, str]:
    return tree(record(root.with_name("scratch"), takes))


def test_every_command_does_what_it_says(root: Path) -> None:
    said = run("edit", "delete", root, 0, 3)
    assert said == (
        f"delete 0 3: {root} has 2 episodes, 9 frames; `lerecord edit undo {root}` undoes this.\n"
    )
    run("edit", "relabel", root, 0, 1, "--task", "z")
    run("edit", "rename-task", root, "z", "y")
    assert tree(root) == scratch(root, Scripted("y", 4, 2), Scripted("y", 5, 3))
    assert "has 2 episodes, 8 frames" in run("edit", "trim", root, 1, "--end", 0.13)
    said = run("edit", "undo", root)
    assert f"`lerecord edit redo {root}` undoes this" in said
    assert "8 frames" in run("edit", "redo", root)
    assert "the trash is empty" in run("edit", "empty-trash", root)
    assert not (root / layout.TRASH).exists()


def test_a_refusal_is_a_failure(root: Path) -> None:
    with pytest.raises(DatasetError, match="There is no episode 4"):
        run("edit", "delete", root, 4)
    with pytest.raises(DatasetError, match="has no part from 1 to"):
        run("edit", "trim", root, 0, "--start", 1)


def test_recover_keeps_or_discards_and_may_be_run_for_nothing(root: Path) -> None:
    assert "nothing to recover" in run("recover", root)
    lab = small_lab(root)
    for options, episodes in (((), 5), (("--discard",), 5)):
        with lab.open() as writer:
            stage(lab, writer, A).close()
        assert f"has {episodes} episodes" in run("recover", root, *options)
