import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lerecord.processes import lerecord
from tests.dataset.conftest import Lab


def test_a_policy_is_served_until_ctrl_c(tmp_path: Path) -> None:
    pytest.importorskip("msgpack")
    connect = pytest.importorskip("websockets.sync.client").connect
    lab = Lab(tmp_path / "set")
    with lab.open() as writer:
        lab.record(writer, rows=6)
    command = lerecord("serve", f"nearest:{lab.root}", "--port", "0", "--delay-ms", "1")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(3)]
        assert lines[1].endswith("3 joints at 30 Hz, chunks of 50, cameras front, wrist\n")
        address = lines[2].removeprefix("serving on ").partition(";")[0]
        with connect(address, compression=None) as client:
            assert b"shoulder_pan.pos" in client.recv()
            server.send_signal(signal.SIGINT)
            assert server.wait(20) == 130


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["nowhere:x"],
            "'nowhere:x' is no policy that can be served; it is nearest:DIR or lerobot:DIR.",
        ),
        (["nearest:x", "--host", "0.0.0.0"], "give --token, or serve on 127.0.0.1"),
        (["lerobot:x"], "name it with --lerobot PYTHON or in LERECORD_LEROBOT_PYTHON"),
        (["lerobot:x", "--lerobot", "y"], "not what its joints are; give it with --dataset"),
        (["nearest:x", "--cert", "c.pem"], "give both --cert and --key"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(arguments: list[str], sentence: str) -> None:
    done = subprocess.run(
        lerecord("serve", *arguments), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_the_extra_it_is_one_sentence(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['msgpack'] = None\n"
        "from lerecord.policy import packing\n"
        "from lerecord.errors import ConfigError\n"
        "try:\n    packing.packed({})\n"
        "except ConfigError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "msgpack is not installed" in done.stdout
    assert "pip install 'lerecord[policy]'" in done.stdout
