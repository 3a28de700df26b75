"""Commands in surroundings that are none: each ends with one sentence and status 2."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

LERECORD = [sys.executable, "-m", "lerecord"]
NOTHING: Mapping[str, str] = {}
RIG = """
robot_type = "koch"
fps = 30
[arms.main.leader]
driver = "koch"
port = "/dev/nothing"
calibration = "my_leader"
[arms.main.follower]
driver = "koch"
port = "/dev/nothing"
calibration = "my_follower"
"""


def refused(script: str, folder: Path, env: Mapping[str, str] = NOTHING) -> str:
    """What a shell script whose last command is lerecord's says."""
    lines = ["umask 022", f'lerecord() {{ {shlex.join(LERECORD)} "$@"; }}', script]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=folder,
        env={**os.environ, **env},
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("lerecord: ")
    return done.stderr


@pytest.mark.parametrize("command", ["info", "--task x"])
def test_a_working_folder_that_was_deleted(tmp_path: Path, command: str) -> None:
    said = refused(f"mkdir gone && cd gone && rmdir ../gone && lerecord {command}", tmp_path)
    assert "The working folder cannot be used (No such file or directory)" in said
    assert "change to another one with `cd`" in said


@pytest.mark.parametrize("dataset", ["file", "file/below/it"])
def test_a_dataset_that_is_a_file(tmp_path: Path, dataset: str) -> None:
    (tmp_path / "file").touch()
    assert "file is a file" in refused(f"lerecord --task x --dataset {dataset}", tmp_path)


@pytest.mark.parametrize(
    ("hardware", "sentence"),
    [
        ("./", "is a folder; name a hardware config in it"),
        ("./no.toml", "There is no hardware config no.toml; check the path"),
        ("rig.toml/x.toml", "cannot be read (Not a directory); something on the way to it is a"),
        ("/dev/null", "is not a file"),
        ("pipe.toml", "is not a file"),
        ("circle.toml", "cannot be read (Too many levels of symbolic links)"),
        (f"./{'x' * 300}.toml", "cannot be read (File name too long); use a shorter name"),
        ("latin.toml", "is not valid TOML"),
    ],
)
def test_a_hardware_config_that_is_none(tmp_path: Path, hardware: str, sentence: str) -> None:
    (tmp_path / "rig.toml").write_text(RIG, encoding="utf-8")
    (tmp_path / "latin.toml").write_bytes(b'robot_type = "\xe9"')
    (tmp_path / "circle.toml").symlink_to("circle.toml")
    os.mkfifo(tmp_path / "pipe.toml")
    assert sentence in refused(f"lerecord --task x --hardware {hardware}", tmp_path)


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"HF_LEROBOT_CALIBRATION": "~nobody_of_this_name/x"}, "that user has no home folder; set"),
        ({"HF_LEROBOT_CALIBRATION": "rig.toml"}, "There is no calibration 'my_leader'"),
        ({"HF_LEROBOT_CALIBRATION": "", "HF_LEROBOT_HOME": "here"}, "(looked at here/calibration/"),
        ({"HF_LEROBOT_CALIBRATION": "", "HF_LEROBOT_HOME": "", "HF_HOME": "h"}, "at h/lerobot/c"),
        ({"HF_HOME": "", "XDG_CACHE_HOME": "/c"}, "(looked at /c/huggingface/lerobot/calibration"),
    ],
)
def test_calibrations_that_are_not_where_a_variable_says(
    tmp_path: Path, env: Mapping[str, str], sentence: str
) -> None:
    (tmp_path / "rig.toml").write_text(RIG, encoding="utf-8")
    script = "lerecord --task x --episode-time 1 --hardware rig.toml"
    assert sentence in refused(script, tmp_path, env)


def test_no_folder_for_temporary_files(tmp_path: Path) -> None:
    program = (
        "import tempfile; tempfile._candidate_tempdir_list = lambda: ['/nowhere'];"
        "from lerecord.cli import main; main()"
    )
    script = f"{shlex.join([sys.executable, '-c', program])} --task x"
    assert "set TMPDIR to one that this user may write to" in refused(script, tmp_path)


def test_windows_is_one_sentence(tmp_path: Path) -> None:
    program = (
        "import sys, typer; sys.platform = 'win32';"
        "sys.modules.update(dict.fromkeys(['fcntl', 'termios', 'tty', 'pty', 'resource', 'pwd']));"
        "from lerecord.cli import main; main()"
    )
    for command in ("--task x", "info"):
        script = f"{shlex.join([sys.executable, '-c', program])} {command}"
        assert "on Windows inside WSL2; run `wsl --install`" in refused(script, tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    "command",
    [
        "info closed/set", "check closed/set", "recover closed/set", "merge ours/out closed/a",
        "--task x --dataset closed/set", "--task x --dataset ours/new",
        "--task x --hardware closed/rig.toml", "--task x --hardware secret.toml",
    ],
)  # fmt: skip
def test_folders_of_another_user(tmp_path: Path, command: str) -> None:
    script = f"""
    mkdir -p closed/set/meta ours && touch closed/rig.toml secret.toml closed/set/meta/info.json
    chmod 700 closed ours && chmod 600 secret.toml
    lerecord() {{ "$PYTHON" -c 'if True:
        import os
        from lerecord.cli import main  # before the folder of this Python is closed
        import lerecord.cli.recording_session, lerecord.cli.dataset_report
        import lerecord.dataset.write.recovery
        import lerecord.cli.join_report, lerecord.cli.edit_report, lerecord.cli.hub_report
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        main()' "$@"; }}
    lerecord {command}"""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and folder != Path("/") and not folder.stat().st_mode & 1:
            folder.chmod(0o755)
    said = refused(script, tmp_path, {"PYTHON": sys.executable})
    assert "Permission denied" in said
