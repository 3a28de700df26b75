import fcntl
import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import lerecord

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")
SIM = Path(__file__).parents[2] / "hardware_configs" / "sim.toml"
TASK = ("--task", "Grab the paper box")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LERECORD, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def refused(*arguments: str) -> str:
    """The one sentence with which a command is refused."""
    done = run(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("lerecord: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("lerecord: ").strip()


def rig(folder: Path, old: str, new: str) -> Path:
    text = SIM.read_text(encoding="utf-8").replace('"calibration/', f'"{SIM.parent}/calibration/')
    assert old in text
    path = folder / "rig.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recorded") / "box"
    done = run(*TASK, "--episode-time", "1", "--dataset", str(root))
    assert done.returncode == 0, done.stderr
    return root


def test_help_is_plain_and_imports_nothing_heavy() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    for word in ("--task", "record", "rerecord", "info", "check", "edit", "push", "sim"):
        assert word in shown.stdout
    heavy = "cv2", "av", "pyarrow", "pydantic", "numpy", "json", "rich", "starlette", "uvicorn"
    code = (
        "import sys\nsys.argv = ['lerecord', '--help']\nfrom lerecord.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print(sorted(set({(*heavy, 'lerecord.cli.record')}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout == f"lerecord {lerecord.__version__}\n"


def test_an_empty_task_is_refused(tmp_path: Path) -> None:
    assert "The task is empty" in refused("--task", "  ", "--dataset", str(tmp_path / "box"))


def test_no_task_shows_the_help() -> None:
    done = run()
    assert done.returncode == 2
    assert "--task" in done.stdout


def test_an_unknown_rig_lists_the_known_ones() -> None:
    assert "known are koch, koch_bimanual, sim" in refused(*TASK, "--hardware", "kooch")


def test_malformed_toml_is_refused(tmp_path: Path) -> None:
    path = rig(tmp_path, "fps = 30", "fps = = 30")
    assert "is not valid TOML" in refused(*TASK, "--hardware", str(path))


def test_an_unknown_key_is_refused_with_its_table(tmp_path: Path) -> None:
    path = rig(tmp_path, "width", "widht")
    sentence = refused(*TASK, "--hardware", str(path))
    assert "unknown key 'widht' in [cameras.front]; did you mean 'width'?" in sentence


def test_a_port_that_does_not_exist_is_named(tmp_path: Path) -> None:
    path = rig(tmp_path, '"sim:leader"', '"/dev/ttyNOT"')
    sentence = refused(*TASK, "--hardware", str(path), "--dataset", str(tmp_path / "box"))
    assert "/dev/ttyNOT" in sentence
    assert not (tmp_path / "box" / "meta").exists()


def test_a_camera_that_does_not_open_is_named(tmp_path: Path) -> None:
    path = rig(tmp_path, '"sim:wrist"', '"http://127.0.0.1:9/wrist"')
    sentence = refused(*TASK, "--hardware", str(path), "--dataset", str(tmp_path / "box"))
    assert "Camera wrist does not open at http://127.0.0.1:9/wrist" in sentence


def test_a_camera_of_another_size_is_refused(tmp_path: Path) -> None:
    alone = subprocess.Popen(
        [LERECORD, "sim", "--write", str(tmp_path / "rig.toml")],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert alone.stdout is not None
        while "records it" not in alone.stdout.readline():
            pass
        path = tmp_path / "rig.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("width = 640", "width = 320", 1), encoding="utf-8")
        sentence = refused(
            *TASK,
            "--hardware",
            str(path),
            "--dataset",
            str(tmp_path / "box"),
            "--episode-time",
            "1",
        )
        assert "Camera front gives 640x480 images, not the 320x480 of the config" in sentence
        path.write_text(text, encoding="utf-8")
        done = run(
            *TASK,
            "--hardware",
            str(path),
            "--dataset",
            str(tmp_path / "box"),
            "--episode-time",
            "1",
        )
        assert done.returncode == 0, done.stderr
    finally:
        alone.terminate()
        alone.communicate()


def test_nobody_to_end_the_take_is_refused(tmp_path: Path) -> None:
    path = rig(tmp_path, "[simulator]", "[simulator]\nstart = false")
    sentence = refused(*TASK, "--hardware", str(path), "--dataset", str(tmp_path / "box"))
    assert "give --episode-time" in sentence


def test_a_preview_without_a_terminal_is_refused(tmp_path: Path) -> None:
    arguments = ("--task", "x", "--preview", "--dataset", str(tmp_path / "new"))
    assert refused(*arguments) == (
        "--preview draws what the cameras see on a terminal; run it in one, or leave it out."
    )
    assert not (tmp_path / "new").exists()


def test_a_dataset_of_another_rig_is_refused_with_the_differences(
    dataset: Path, tmp_path: Path
) -> None:
    path = rig(tmp_path, "fps = 30", "fps = 60")
    sentence = refused(*TASK, "--hardware", str(path), "--dataset", str(dataset))
    assert "fps is 60 here and 30 in the dataset" in sentence


def test_a_dataset_that_another_recorder_holds_is_refused(dataset: Path) -> None:
    with (dataset / ".lerecord" / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another" in refused(*TASK, "--dataset", str(dataset))


@pytest.mark.parametrize("command", ["info", "check", "record"])
def test_a_folder_that_is_no_dataset_is_refused(tmp_path: Path, command: str) -> None:
    (tmp_path / "holiday.txt").write_text("sun", encoding="utf-8")
    arguments = (
        (*TASK, "--dataset", str(tmp_path)) if command == "record" else (command, str(tmp_path))
    )
    assert str(tmp_path) in refused(*arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.txt"]


def test_too_little_disk_is_refused(tmp_path: Path) -> None:
    path = rig(tmp_path, "[simulator]", "[quality]\nmin_free_gb = 1000000\n\n[simulator]")
    sentence = refused(*TASK, "--hardware", str(path), "--dataset", str(tmp_path / "box"))
    assert "GB left, and the config asks for 1e+06 GB" in sentence


def test_an_existing_dataset_brings_its_own_rig(dataset: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(dataset, tmp_path / "copy")
    done = run(*TASK, "--episode-time", "1", "--dataset", str(copy))
    assert done.returncode == 0, done.stderr
    facts = json.loads(run("info", str(copy), "--json").stdout)
    assert facts["episodes"] == 2


def test_a_rig_that_only_the_dataset_knows_is_not_used_without_a_word(
    dataset: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(dataset, tmp_path / "copy")
    path = copy / "meta" / "hardware.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["config"]["safety"]["max_speed"] = 401.0
    path.write_text(json.dumps(kept), encoding="utf-8")
    sentence = refused(*TASK, "--episode-time", "1", "--dataset", str(copy))
    assert "main follower: koch on sim:follower" in sentence
    assert "--trust-rig" in sentence
    done = run(*TASK, "--episode-time", "1", "--dataset", str(copy), "--trust-rig")
    assert done.returncode == 0, done.stderr


def test_check_finds_what_is_wrong_and_exits_1(dataset: Path, tmp_path: Path) -> None:
    assert run("check", str(dataset)).returncode == 0
    copy = shutil.copytree(dataset, tmp_path / "copy")
    (copy / "data" / "notes.txt").write_text("lost", encoding="utf-8")
    done = run("check", "--quick", str(copy))
    assert done.returncode == 1
    assert "notes.txt" in done.stdout
    findings = json.loads(run("check", "--quick", "--json", str(copy)).stdout)["findings"]
    assert len(findings) == 1
