"""What a command line means, and what is said to one that means nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lerecord.cli import app, main
from lerecord.cli.group import GUESSES
from lerecord.cli.record_options import RecordOptions
from lerecord.cli.table import TABLE, Deferred
from tests.dataset.lists import A, B, record

WRONG = {
    ("help-me",): "no command 'help-me'",
    ("ls",): "try `lerecord list`",
    ("inspect", "datasets/sim"): "try `lerecord info`",
    ("episode", "datasets/sim", "3"): "try `lerecord show`",
    ("show", "box", "3", "4"): "unexpected extra argument",
    ("browse", "datasets/sim"): "try `lerecord view`",
    ("view", "box", "--port", "0"): "--port",
    ("station", "--port", "0"): "--port",
    ("station", "box"): "unexpected extra argument",
    ("chek",): "try `lerecord check`",
    ("verify",): "try `lerecord check`",
    ("rm", "3"): "try `lerecord edit delete`",
    ("undo",): "try `lerecord edit undo`",
    ("download", "me/box"): "try `lerecord pull`",
    ("xyzzy",): "`lerecord --help` lists them",
    ("--hardware", "koch"): "Missing option '--task'",
    ("--task", "x", "--tasks", "y"): "--task or --tasks, not both",
    ("--tasks", "no.txt"): "no.txt cannot be read",
    ("--tasks", "no.txt", "--order", "random"): "'random'",
    ("--task", "x", "--order", "balanced"): "give --tasks, too",
    ("record",): "Missing option '--task'",
    ("record", "--task"): "requires an argument",
    ("record", "--task", "x", "box"): "unexpected extra argument",
    ("record", "--task", "x", "--episodes", "0"): "--episodes",
    ("record", "--task", "x", "--episodes", "many"): "--episodes",
    ("record", "--task", "x", "--episode-time", "-3"): "--episode-time",
    ("--tsk", "x"): "--task",
    ("--task", "x", "--episodes", "3", "info", "box"): "`lerecord info ... --task`",
    ("--task", "x", "check"): "`lerecord check ... --task`",
    ("check", "--quik"): "--quick",
    ("check", "a", "b"): "unexpected extra argument",
    ("bench", "--cameras", "0"): "--cameras",
    ("merge", "one"): "lerecord merge DIR... OUT",
    ("merge",): "Missing argument",
    ("split", "box"): "Missing argument 'OUT...'",
    ("split", "box", "a"): "one of --episodes, --fraction and --by-task",
    ("split", "box", "a", "--by-task", "--fraction", "1"): "one of --episodes",
    ("split", "box", "a", "b", "c", "--fraction", "0.5"): "given 1 times for 3 output folders",
    ("split", "box", "a", "--episodes", "9-0"): "'9-0' is not an episode",
    ("split", "box", "a", "--episodes", "1", "--seed", "3"): "--seed is for --fraction",
    ("split", "box", "a", "--fraction", "1.5"): "--fraction",
    ("export", "one"): "Missing argument 'OUT'",
    ("edit", "rm", "box", "3"): "try `lerecord edit delete`",
    ("edit", "trim", "box", "three"): "'three' is not an episode",
    ("edit", "delete", "box", "7-3"): "'7-3' is not an episode",
    ("edit", "delete", "box", "1.5"): "'1.5' is not an episode",
    ("edit", "relabel", "box", "3"): "Missing option '--task'",
    ("label", "box", "3"): "say success or failure",
    ("rerecord", "box"): "No episode given",
    ("rerecord",): "Missing argument",
    ("pull",): "Missing argument",
    ("push", "--private", "--repo-id"): "requires an argument",
    ("sim", "--seed", "x"): "--seed",
    ("calibrate",): "Missing argument 'ARM'",
    ("calibrate", "leader"): "Name the rig with --hardware",
    ("calibrate", "leader", "--check", "--import", "x"): "not both",
    ("torque", "of"): "try `lerecord torque off`",
    ("torque", "off"): "Name the rig with --hardware",
    ("find", "port"): "ports",
    ("fleet", "statistics"): "try `lerecord fleet",
    ("fleet", "stats"): "Missing argument 'ROOT...'",
    ("fleet", "stats", "box", "--executor", "dask"): "no executor 'dask'",
    ("fleet", "transcode"): "Missing argument 'ROOT...'",
    ("fleet", "transcode", "s3://lab/box", "--workers", "1"): "is not on this machine",
    ("fleet", "transcode", "box", "--workers", "1", "--profile", "tiny"): "'tiny'",
    ("fleet", "push", "--user"): "requires an argument",
    ("fleet", "check", "box", "--executor", "dask"): "no executor 'dask'",
    ("fleet", "check", "box", "--executor", "slurm"): "--partition",
    ("fleet", "merge", "out"): "Missing argument 'ROOT...'",
    ("fleet", "merge", "out", "box", "--format", "v9"): "'v9' cannot be written",
    ("fleet", "merge", "hf://datasets/me/all", "box"): "upload that by `lerecord push`",
    ("fleet", "merge", "out", "box", "--split", "val=0.1"): "write test=SHARE",
    ("fleet", "merge", "out", "box", "--split", "test=1"): "leaves one side empty",
    ("fleet", "merge", "out", "a", "--split", "test=0.1", "--split-by", "day"): "takes dataset",
    ("fleet", "status"): "Missing argument 'ROOT...'",
    ("setup-motors", "so101", "follower"): "Missing option '--port'",
    ("setup-motors", "so101", "hand", "--port", "x"): "not 'hand'",
    ("setup-motors", "so", "leader", "--port", "x"): "There is no driver 'so'",
    ("setup-motors", "koch", "leader", "--port", "x", "--joint", "hip"): "no joint 'hip'",
}


@pytest.mark.parametrize("arguments", WRONG)
def test_a_wrong_command_line_is_answered_with_one_sentence(
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["lerecord", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    assert said.err.startswith("lerecord: ")
    assert said.err.count("\n") == 1
    assert WRONG[arguments] in said.err
    assert not list(tmp_path.iterdir())


def test_each_guess_leads_to_a_command_there_is() -> None:
    runner = CliRunner()
    for found in {*GUESSES.values()}:
        shown = runner.invoke(app, [*found.split(), "--help"])
        assert shown.exit_code == 0, found
        assert shown.output.startswith("Usage")


def test_a_guess_is_never_a_command() -> None:
    assert not {*TABLE} & {*GUESSES}


@pytest.mark.parametrize("name", TABLE)
def test_the_table_says_what_each_command_says_of_itself(name: str) -> None:
    command = Deferred(TABLE)[name]
    assert command.name == name
    assert command.get_short_help_str(limit=100) == TABLE[name].summary
    assert "--install-completion" not in {each for part in command.params for each in part.opts}


@pytest.mark.parametrize("arguments", [("help", "edit", "trim"), ("edit", "trim", "--help")])
def test_help_may_come_first(arguments: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*arguments])
    assert shown.exit_code == 0
    assert "New start, in seconds." in shown.output


@pytest.mark.parametrize("arguments", [(), ("edit",)])
def test_no_command_shows_what_there_is(arguments: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*arguments])
    assert shown.exit_code == 2
    assert "Usage" in shown.output


def test_every_line_of_the_help_fits_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(app, ["--help"]).output
    assert max(map(len, shown.splitlines())) <= 80
    assert "..." not in shown.split("Record:")[1]  # no summary is cut off


@pytest.mark.parametrize("group", ["edit", "find", "fleet", "hardware", "torque"])
def test_no_summary_of_a_part_is_cut_off(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(app, [group, "--help"]).output
    assert "..." not in shown.split("Commands:")[1]


def every_command() -> list[str]:
    """Those of groups, too."""
    made = Deferred(TABLE)
    parts = {name: getattr(made[name], "commands", {}) for name in TABLE}
    return [*TABLE, *(f"{name} {part}" for name in TABLE for part in parts[name])]


@pytest.mark.parametrize("command", every_command())
def test_the_help_of_a_command_is_for_people(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(app, [*command.split(), "--help"], prog_name="lerecord").output
    assert max(map(len, shown.splitlines())) <= 80
    usage, _, rest = shown.partition("\n")
    assert usage.startswith(f"Usage: lerecord {command} [OPTIONS]")
    for ugly in "{", "<", ">", "range", "list[":
        assert ugly not in usage
        assert ugly not in rest.replace("<hardware name>", "")


def test_the_help_tells_what_is_required_and_what_happens_otherwise() -> None:
    def told(*command: str) -> str:
        return " ".join(CliRunner().invoke(app, [*command, "--help"]).output.split())

    assert "in one sentence. [required]" in told("rollout")
    assert "DIR Dataset folder. [this folder]" in told("check")
    assert "--fps N Rate of the loop and of each camera. [30]" in told("bench")
    assert "OUT... Output folders; must not exist. Options" in told("split")


def said_by(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    monkeypatch.setattr("sys.argv", ["lerecord", *arguments])
    with pytest.raises(SystemExit):
        main()
    return capsys.readouterr().err


def test_a_merge_with_its_output_first_is_made_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[tuple[Path, list[Path]]] = []
    monkeypatch.setattr(
        "lerecord.cli.join_report.merge", lambda out, roots, *_: made.append((out, roots))
    )
    one, two, out = tmp_path / "one", tmp_path / "two", tmp_path / "out"
    one.mkdir()
    two.mkdir()
    assert said_by(["merge", *map(str, (one, two, out))], monkeypatch, capsys) == ""
    hint = said_by(["merge", *map(str, (out, one, two))], monkeypatch, capsys)
    assert hint == "The output folder comes last now: lerecord merge DIR... OUT.\n"
    assert made == [(out, [one, two])] * 2


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["3", "last", "--dataset", "BOX"], "comes first now: `lerecord rerecord BOX 3 last`.\n"),
        (["BOX", "3", "last"], ""),
    ],
)
def test_rerecording_with_the_dataset_as_an_option_is_done_with_a_hint(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    hint: str,
) -> None:
    root = record(tmp_path / "2026-box", [A, B])
    done: list[RecordOptions] = []
    monkeypatch.setattr(
        "lerecord.cli.recording_session.record", lambda options, *_: done.append(options)
    )
    given = [each.replace("BOX", str(root)) for each in ["rerecord", *arguments]]
    assert said_by(given, monkeypatch, capsys).endswith(hint.replace("BOX", str(root)))
    (options,) = done
    assert (options.dataset, options.rerecord) == (root, (3, 1))
