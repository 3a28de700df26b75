import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lerecord.cli.evaluation import Evaluation, Trial, judged, rolled_out, run
from lerecord.cli.output import Output
from lerecord.cli.typed_lines import TypedLines
from lerecord.dataset.overview import episodes
from lerecord.errors import ConfigError
from tests.dataset.lists import A, B, record

POLICIES = ("nearest:a", "ws://host:1")


@pytest.fixture
def asked(tmp_path: Path) -> Evaluation:
    return Evaluation(POLICIES, "Grab it", 20, tmp_path / "all", 10.0, 7, None)


def told(succeeded: bool, seconds: float = 6.0) -> Mapping[str, Any]:
    return {
        "saved": [{"seconds": seconds}],
        "box_on_target": [succeeded],
        "policy": {"starved_ticks": 2},
    }


def test_every_policy_drives_as_often_in_an_order_that_the_seed_decides(asked: Evaluation) -> None:
    order = asked.order()
    assert sorted(order) == sorted((policy, at) for policy in POLICIES for at in range(20))
    assert order == asked.order()
    assert order != replace(asked, seed=8).order()
    assert order != sorted(order)


def test_each_policy_is_scored_by_its_own_rollouts(
    asked: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    def roll_out(_: Evaluation, policy: str, number: int) -> Mapping[str, Any]:
        return told(policy == POLICIES[0] or number < 5, 5.0 + number)

    with Output(as_json=True) as output:
        run(asked, output, roll_out)
    document = json.loads(capsys.readouterr().out)
    first, second = document["scores"]
    assert (first["successes"], second["successes"]) == (20, 5)
    assert (first["rollouts"], first["starved_ticks"]) == (20, 40)
    assert (second["low"], second["high"]) == pytest.approx((0.112, 0.469), abs=0.001)
    assert (first["seconds_to_success"], second["seconds_to_success"]) == (14.5, 7.0)
    assert len(document["trials"]) == 40


def test_blind_nothing_says_who_drives(
    asked: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Path] = []

    def roll_out(given: Evaluation, policy: str, _: int) -> Mapping[str, Any]:
        seen.append(given.dataset(policy))
        return told(True)

    with Output() as output:
        run(replace(asked, is_blind=True, rollouts=2), output, roll_out)
    shown = capsys.readouterr()
    assert not any(policy in shown.err for policy in POLICIES)
    assert not any(policy in str(each) for policy in ("nearest", "host") for each in seen)
    assert shown.out.count("2 of 2 (34% to 100%)") == 2


def test_a_rollout_that_was_not_saved_did_not_succeed(
    asked: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = {"saved": [], "box_on_target": [], "policy": {"starved_ticks": 0}}
    with Output(as_json=True) as output:
        run(replace(asked, rollouts=1), output, lambda *_: nothing)
    (trial, _) = json.loads(capsys.readouterr().out)["trials"]
    assert (trial["succeeded"], trial["seconds"]) == (False, None)


def test_what_cannot_be_judged_is_refused_before_anything_moves(asked: Evaluation) -> None:
    def never(*_: object) -> Mapping[str, Any]:
        raise AssertionError

    with Output() as output:
        with pytest.raises(ConfigError, match="nobody says whether a rollout succeeded"):
            run(replace(asked, hardware="koch"), output, never)
        with pytest.raises(ConfigError, match="named twice"):
            run(replace(asked, policies=("a", "a")), output, never)
        asked.folder.mkdir()
        with pytest.raises(ConfigError, match="choose another --folder"):
            run(asked, output, never)


def test_an_answer_or_a_key_is_the_label_of_the_rollout(
    tmp_path: Path,
) -> None:
    root = record(tmp_path / "set", [A, B])
    asked: list[str] = []

    class Typed(TypedLines):
        def answer(self, question: str) -> str:
            asked.append(question)
            return "maybe" if len(asked) == 1 else "N"

    def trial(episode: int, success: bool | None) -> Trial:
        saved = [{"seconds": 5.0, "episode": episode, "success": success}]
        policy = {"starved_ticks": 0}
        document = {"dataset": str(root), "saved": saved, "box_on_target": [], "policy": policy}
        return judged("a", 0, document, Typed("Broken off."))

    assert trial(0, True).succeeded
    assert (len(asked), [each.success for each in episodes(root)]) == (0, [None, None])
    assert not trial(1, None).succeeded
    assert (len(asked), [each.success for each in episodes(root)]) == (2, [None, False])


def test_a_rollout_that_goes_wrong_is_never_done_again(
    asked: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []

    def run(line: list[str], **_: object) -> SimpleNamespace:
        words.extend(line)
        return SimpleNamespace(returncode=0, stdout="{}")

    monkeypatch.setattr(subprocess, "run", run)
    rolled_out(asked, POLICIES[0], 3)
    assert words[words.index("--gate") + 1] == "off"
    assert words[words.index("--seed") + 1] == "10"
