"""Nothing in the working folder is imported by any process that lerecord starts."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import lerecord
from lerecord.__main__ import CHILDREN
from lerecord.processes import environment, python

ROOT = Path(lerecord.__file__).parent.parent
OTHERS = ["numpy", "cv2", "av", "rich", "pyarrow", "typer", "serial", "sitecustomize"]
PLANTED = "import pathlib; pathlib.Path(__file__).with_suffix('.ran').touch(); 1 / 0\n"


@pytest.fixture
def minefield(tmp_path: Path) -> Path:
    """A folder with a module of every name that lerecord could mean, each of which tells."""
    own = {path.stem for path in (ROOT / "lerecord").rglob("*.py")}
    names = own | set(sys.stdlib_module_names) | set(OTHERS) | {"lerecord"}
    for name in names - {"__init__"}:
        (tmp_path / f"{name}.py").write_text(PLANTED, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("path", [None, ".:/opt/ros/lib:"])
def test_no_module_of_the_working_folder_is_imported(minefield: Path, path: str | None) -> None:
    base = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        base["PYTHONPATH"] = path
    code = ";".join(f"import {module}" for module in (*CHILDREN.values(), "lerecord.cli"))
    done = subprocess.run(
        python("-c", code), env=environment(base), cwd=minefield, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert not list(minefield.glob("*.ran"))


@pytest.mark.parametrize("start", [["-m", "lerecord", "_simulator"], ["-c", "import json"]])
def test_neither_by_module_nor_by_code(minefield: Path, start: list[str]) -> None:
    subprocess.run(
        python(*start),
        env=environment(),
        cwd=minefield,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert not list(minefield.glob("*.ran"))


HEAVY = {
    "camera": {"pyarrow", "pydantic", "typer", "rich"},
    "screen": {"cv2", "av", "pyarrow", "typer", "huggingface_hub"},
    "station": {"cv2", "av", "pyarrow", "typer", "huggingface_hub"},
    "writer": {"pydantic", "typer", "rich", "huggingface_hub"},
    "simulator": {"av", "pyarrow", "typer", "huggingface_hub"},
    "simulated-camera": {"av", "pyarrow", "typer"},
    "push": {"typer"},
    "fleet": {"typer", "rich", "datatrove"},
    "policy": {"av", "pyarrow", "pydantic", "typer", "rich", "torch", "grpc", "websockets"},
}


@pytest.mark.parametrize("name", CHILDREN)
def test_a_child_imports_nothing_that_only_others_need(name: str) -> None:
    code = (
        "import sys, importlib, lerecord.__main__\n"
        f"importlib.import_module({CHILDREN[name]!r})\n"
        "print(*sys.modules)\n"
    )
    done = subprocess.run(python("-c", code), capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY[name] == set()


def test_what_a_driver_prints_is_no_message(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "from lerecord.processes import behave_as_child, say\n"
        "behave_as_child()\n"
        "print('by Python', flush=True); os.write(1, b'by C')\n"
        "say('up')\n"
    )
    done = subprocess.run(python("-c", code), capture_output=True, text=True, check=True)
    assert done.stdout == '{"event":"up"}\n'
    assert done.stderr == "by Python\nby C"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, None),
        ({"PYTHONPATH": ""}, None),
        ({"PYTHONPATH": "."}, None),
        ({"PYTHONPATH": ":/a:b:/c:"}, "/a:/c"),
        ({"PYTHONPATH": str(ROOT)}, str(ROOT)),
    ],
)
def test_only_absolute_places_of_the_search_path_are_kept(
    given: Mapping[str, str],
    kept: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert environment(given).get("PYTHONPATH") == kept


def test_a_relative_place_is_kept_where_lerecord_itself_lies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    assert environment({"PYTHONPATH": ".:x"})["PYTHONPATH"] == str(ROOT.resolve())


def test_what_runs_a_file_of_its_own_is_left_out_and_the_rest_stays() -> None:
    given = {"PYTHONSTARTUP": "rc.py", "PYTHONINSPECT": "1", "HOME": "/home/me", "LANG": "C"}
    assert environment(given) == {"HOME": "/home/me", "LANG": "C", "PYTHONSAFEPATH": "1"}


def test_a_thread_that_dies_ends_its_process() -> None:
    code = (
        "import threading, time\n"
        "from lerecord.processes import behave_as_child\n"
        "behave_as_child()\n"
        "threading.Thread(target=lambda: 1 / 0).start()\n"
        "time.sleep(60)\n"
    )
    done = subprocess.run(
        python("-c", code), capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
