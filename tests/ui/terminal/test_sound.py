"""What is to be heard, from one snapshot to the next."""

from typing import Any

import pytest

from lerecord.recording.session import Phase
from lerecord.ui.terminal import Cue, cue_between
from tests.ui.station.moments import snapshot

RESET = {"phase": Phase.RESETTING}
TAKE = {"phase": Phase.RECORDING}


@pytest.mark.parametrize(
    ("before", "now", "cue"),
    [
        (RESET, RESET, None),
        (RESET, TAKE, Cue.START),
        ({"phase": Phase.CATCHING_UP}, TAKE, Cue.START),
        (TAKE, {**RESET, "saves": 4}, Cue.SAVED),
        (TAKE, {"phase": Phase.DONE, "saves": 4}, Cue.SAVED),
        (TAKE, RESET, Cue.REDO),
        ({"phase": Phase.ASKING}, RESET, Cue.REDO),
        ({"phase": Phase.CONFIRMING}, RESET, Cue.REDO),
        (RESET, {**RESET, "replaces": True}, Cue.REDO),
        ({**RESET, "replaces": True}, RESET, None),
        ({**TAKE, "replaces": True}, {**RESET, "saves": 4}, Cue.SAVED),
        (TAKE, {"phase": Phase.ASKING}, None),
        (TAKE, {"phase": Phase.DONE}, None),
        ({"phase": Phase.PAUSED}, RESET, None),
        (TAKE, {**RESET, "trouble": "It is silent."}, Cue.TROUBLE),
        ({**RESET, "trouble": "It is silent."}, {**RESET, "trouble": "It is mute."}, None),
    ],
)
def test_what_has_happened_is_told_by_one_cue(
    before: dict[str, Any], now: dict[str, Any], cue: Cue | None
) -> None:
    assert cue_between(snapshot(**before), snapshot(**now)) is cue
