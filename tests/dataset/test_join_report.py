import json
import shutil
from pathlib import Path

import pytest

from lerecord.cli.join_report import compat, export, merge, split
from lerecord.cli.output import Output
from lerecord.dataset.format import layout
from lerecord.dataset.join import ByEpisodes
from lerecord.dataset.verify import check
from lerecord.errors import ConfigError
from tests.dataset.conftest import Lab


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    lab = Lab(tmp_path / "set")
    with lab.open() as writer:
        lab.record(writer, rows=2)
    other = lab.root.with_name("other")
    shutil.copytree(lab.root, other)
    path = other / layout.HARDWARE
    text = path.read_text().replace("ttyUSB0", "ttyUSB7").replace("1200", "1210")
    path.write_text(text)
    return lab.root, other


def test_compat_names_each_difference_and_refuses(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert compat(pair, False, Output()) == 1
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 3
    assert said[0].startswith("refused: hardware: arms.main.follower.model is [1060, 1200] in ")
    assert said[1].startswith("remark: environment: config.arms.main.port is /dev/ttyUSB0 in ")
    assert said[2] == "They cannot be merged."
    assert compat(pair, True, Output()) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("remark: hardware: ")
    assert said[2] == "They can be merged."


def test_compat_speaks_json(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert compat(pair, False, Output(as_json=True)) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["joinable"] is False
    (other,) = data["datasets"]
    assert (other["first"], other["other"]) == (str(pair[0]), str(pair[1]))
    assert [(each["tier"], each["refused"]) for each in other["differences"]] == [
        ("hardware", True),
        ("environment", False),
    ]


def test_merge_and_export_say_what_came_of_it(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, exported = tmp_path / "out", tmp_path / "exported"
    merge(out, pair, True, Output())
    assert capsys.readouterr().out == (
        f"{out} has 2 episodes, 4 frames and 1 task; `lerecord check {out}` verifies it.\n"
    )
    assert check(out).findings == []
    export(out, exported, "v3.0", Output())
    said = capsys.readouterr().out
    assert said == f"{exported} has the 2 episodes of {out} in the layout v3.0.\n"
    assert json.loads((exported / layout.INFO).read_bytes())["total_episodes"] == 2
    with pytest.raises(ConfigError, match=r"'v2\.0' cannot be written; v3\.0 can"):
        export(out, tmp_path / "more", "v2.0", Output())


def test_split_says_what_each_part_has(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    merge(tmp_path / "both", pair, True, Output())
    capsys.readouterr()
    outs = [tmp_path / "one", tmp_path / "two"]
    split(tmp_path / "both", outs, ByEpisodes([[1]]), Output())
    assert capsys.readouterr().out == "".join(
        f"{out} has 1 episode, 2 frames and 1 task; `lerecord check {out}` verifies it.\n"
        for out in outs
    )
