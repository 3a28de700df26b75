"""The process of a session's page, seen from the control process."""

from collections.abc import Sequence

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord.errors import LerecordError
from lerecord.recording.recorder import Saved
from lerecord.ui.station import StationProcess, StationSettings
from tests.ui.station.moments import snapshot


class Commits:
    episodes_saved: Sequence[Saved] = ()


def test_with_a_token_other_machines_get_in_and_a_port_that_is_taken_is_one_sentence() -> None:
    with StationProcess(StationSettings(lan=True), [], Commits()) as process:
        first = process.wait_until_up()[0]
        assert first.startswith("http://127.0.0.1:")
        assert len(first.partition("#token=")[2]) > 20
        process.show(snapshot())
        assert process.heard() == []
        port = int(first.split(":")[2].split("/")[0])
        with (
            StationProcess(StationSettings(port), [], Commits()) as other,
            pytest.raises(LerecordError, match="--port"),
        ):
            other.wait_until_up()
