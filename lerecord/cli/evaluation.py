"""What `lerecord evaluate` does: rollouts of several policies, each a session of its own."""

import json
import random
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from lerecord.cli.outcome import wilson
from lerecord.cli.output import Output
from lerecord.cli.typed_lines import TypedLines
from lerecord.config import find_config, load_config
from lerecord.dataset.edit import operations as operations
from lerecord.dataset.format import LabelChange
from lerecord.errors import ConfigError, LerecordError
from lerecord.processes import environment, lerecord
from lerecord.ui.terminal import is_attended

_DEFAULT_RIG = "sim"
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False}
_NOBODY = (
    "Without a terminal nobody says whether a rollout succeeded; run it in one, or on a simulated "
    "rig, where the box says so."
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is asked for.

    Attributes:
        policies: their addresses.
        task: the sentence.
        rollouts: of each policy.
        folder: gets a dataset a policy.
        episode_time_s: after which a rollout ends.
        seed: of the order; rollout i of every policy has the box of seed + i.
        hardware: the rig; None for the simulated one.
        is_blind: which policy drives is not shown.
    """

    policies: tuple[str, ...]
    task: str
    rollouts: int
    folder: Path
    episode_time_s: float | None
    seed: int
    hardware: str | None
    is_blind: bool = False

    def dataset(self, policy: str) -> Path:
        """Where the rollouts of a policy are kept; its name does not give the policy away."""
        return self.folder / f"policy_{self.policies.index(policy)}"

    def order(self) -> list[tuple[str, int]]:
        """Policy and number of each rollout, shuffled."""
        rollouts = [(policy, at) for at in range(self.rollouts) for policy in self.policies]
        random.Random(self.seed).shuffle(rollouts)
        return rollouts


@dataclass(frozen=True, slots=True)
class Trial:
    """One rollout.

    Attributes:
        policy: that drove.
        number: of the policy's.
        succeeded: by the box, or by the operator's word.
        seconds: it took; None when nothing was saved.
        starved_ticks: in which the arm waited for the policy.
    """

    policy: str
    number: int
    succeeded: bool
    seconds: float | None
    starved_ticks: int


@dataclass(frozen=True, slots=True)
class Score:
    """How a policy did.

    Attributes:
        policy: its address.
        dataset: with its rollouts.
        rollouts, successes: how many.
        low, high: between which shares its success lies, with 95 % confidence (Wilson).
        seconds_to_success: median; None without a success.
        starved_ticks: of all rollouts.
    """

    policy: str
    dataset: Path
    rollouts: int
    successes: int
    low: float
    high: float
    seconds_to_success: float | None
    starved_ticks: int

    @classmethod
    def of(cls, policy: str, dataset: Path, trials: Sequence[Trial]) -> "Score":
        """Sum up the trials of one policy."""
        successes = [each for each in trials if each.succeeded]
        low, high = wilson(len(successes), len(trials))
        seconds = [each.seconds for each in successes if each.seconds is not None]
        return cls(
            policy,
            dataset,
            len(trials),
            len(successes),
            round(low, 3),
            round(high, 3),
            round(median(seconds), 2) if seconds else None,
            sum(each.starved_ticks for each in trials),
        )

    def line(self) -> str:
        """For people."""
        took = "" if self.seconds_to_success is None else f", {self.seconds_to_success:.1f} s each"
        return (
            f"{self.policy}: {self.successes} of {self.rollouts} ({self.low:.0%} to "
            f"{self.high:.0%}){took}, {self.starved_ticks} ticks starved; {self.dataset}"
        )


RollOut = Callable[[Evaluation, str, int], Mapping[str, Any]]
"""Does one rollout: its document."""


def rolled_out(asked: Evaluation, policy: str, number: int) -> Mapping[str, Any]:
    """One rollout in a session of its own; what it printed as JSON.

    Raises:
        LerecordError: the session failed; it has said why.
    """
    words = ["rollout", "--policy", policy, "--task", asked.task, "--episodes", "1", "--json"]
    words += ["--gate", "off"]  # a rollout that goes wrong is a result, and not done again
    words += ["--dataset", str(asked.dataset(policy))]
    if asked.episode_time_s is not None:
        words += ["--episode-time", str(asked.episode_time_s)]
    if asked.hardware is not None:
        words += ["--hardware", asked.hardware]
    if _is_simulated(asked):
        words += ["--seed", str(asked.seed + number)]
    done = subprocess.run(
        lerecord(*words), stdout=subprocess.PIPE, text=True, env=environment(), check=False
    )
    if done.returncode != 0 or not done.stdout:
        raise LerecordError(
            f"A rollout of {policy} ended early; those before it are kept in {asked.folder}."
        )
    document: Mapping[str, Any] = json.loads(done.stdout)
    return document


def run(asked: Evaluation, output: Output, roll_out: RollOut = rolled_out) -> None:
    """Roll out every policy as often as asked, and print how each did.

    Raises:
        ConfigError: it cannot be judged, or the folder is there already.
        LerecordError: a rollout failed.
    """
    _check(asked)
    lines = TypedLines(f"Broken off; the rollouts so far are kept in {asked.folder}.")
    trials = []
    for at, (policy, number) in enumerate(asked.order(), 1):
        who = "" if asked.is_blind else f" of {policy}"
        output.note(f"Rollout {at} of {len(asked.order())}{who}.")
        trials.append(judged(policy, number, roll_out(asked, policy, number), lines))
    scores = list(_scores(asked, trials))
    output.result({"scores": scores, "trials": trials}, [each.line() for each in scores])


def _check(asked: Evaluation) -> None:
    if len(set(asked.policies)) < len(asked.policies):
        raise ConfigError("A policy is named twice; name each once.")
    if asked.folder.exists():
        raise ConfigError(f"There is a {asked.folder} already; choose another --folder.")
    if not _is_simulated(asked) and not is_attended():
        raise ConfigError(_NOBODY)


def _is_simulated(asked: Evaluation) -> bool:
    return load_config(find_config(asked.hardware or _DEFAULT_RIG)).simulator is not None


def judged(policy: str, number: int, told: Mapping[str, Any], lines: TypedLines) -> Trial:
    """What came of a rollout: by the box, by a key during it, or by what is answered now."""
    saved, box = told["saved"], told["box_on_target"]
    succeeded = bool(box[-1]) if box else bool(saved) and _said_to_succeed(told, lines)
    seconds = saved[-1]["seconds"] if saved else None
    return Trial(policy, number, succeeded, seconds, told["policy"]["starved_ticks"])


def _said_to_succeed(told: Mapping[str, Any], lines: TypedLines) -> bool:
    """By a key during the rollout, or by an answer, which becomes its label."""
    last = told["saved"][-1]
    if last["success"] is not None:
        return bool(last["success"])
    while (answer := lines.answer("Did it succeed (y or n)?").lower()) not in _ANSWERS:
        pass
    operations.label(Path(told["dataset"]), [last["episode"]], LabelChange(_ANSWERS[answer]))
    return _ANSWERS[answer]


def _scores(asked: Evaluation, trials: Sequence[Trial]) -> Iterator[Score]:
    for policy in asked.policies:
        mine = [each for each in trials if each.policy == policy]
        yield Score.of(policy, asked.dataset(policy), mine)
