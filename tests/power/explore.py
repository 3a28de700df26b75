"""Cuts the power at many moments of an operation, and judges what is left each time."""

import contextlib
import copy
import io
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.power.calls import record
from tests.power.cuts import HALVES, cuts, halves
from tests.power.disk import Disk, Tree
from tests.power.operations import OPERATIONS, Known, judge_reading
from tests.power.replay import Replay, assert_is_real

REPOSITORY = Path(__file__).parents[2]
_OF_NAMES = ("fsync", "fdatasync", "rename", "link", "mkdir", "unlink", "rmdir")
_RANDOMS = 4  # states of each kind that is drawn, at each moment
_READERS = 5  # every so many states are read before they are opened to be changed


@dataclass(frozen=True, slots=True)
class Cut:
    """What a power cut has left, when it came, and what the operation had said by then."""

    tree: Tree
    behind: str
    marks: tuple[str, ...]


@dataclass(slots=True)
class Outcome:
    """Of many cuts.

    Attributes:
        states: that were judged.
        failures: what is wrong with those that are.
        halves: states with parts of renames that were judged, which a journal excludes.
        broken_halves: those of them that are wrong.
    """

    states: int = 0
    failures: list[str] = field(default_factory=list)
    halves: int = 0
    broken_halves: int = 0


class Recording:
    """An operation that was done once, with every call that it made.

    Args:
        name: of the operation.
        folder: where its files lie; on a disk in memory it is explored faster.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self._operation = OPERATIONS[name]
        self._log, self._marks = folder / "calls", folder / "marks"
        self._cut = folder / "cut"
        self.known = Known(folder / "before", folder / "top")
        self._operation.prepare(self.known.made)
        shutil.copytree(self.known.made, self.known.before)
        self._disk = Disk.of(self.known.made, journal=True)
        module = [sys.executable, "-m", "tests.power.operations"]
        record([*module, name, self.known.made, self._marks], self._log, REPOSITORY)

    def _replayed(self, journal: bool) -> Iterator[tuple[int, str, Replay]]:
        disk = copy.deepcopy(self._disk)
        disk.journal = journal
        replay = Replay(disk, self._marks)
        for number, what in enumerate(replay.run(self._log)):
            yield number, what, replay
        assert_is_real(disk)

    @cached_property
    def moments(self) -> list[str]:
        """What was done before each moment at which the power may go."""
        return [what for _, what, _ in self._replayed(journal=True)]

    def cuts(self, journal: bool, budget: int, seed: int = 0) -> list[Cut]:
        """Different states, at most so many, of moments all over the operation."""
        rng, found = random.Random(seed), dict[tuple[int, tuple[str, ...]], Cut]()
        chosen = self._chosen(budget, rng)
        for number, what, replay in self._replayed(journal):
            if number not in chosen:
                continue
            disk = replay.disk
            parts = () if journal else halves(disk, rng, _RANDOMS)
            for tree in (*cuts(disk, rng, _RANDOMS), *parts):
                cut = Cut(tree, what, tuple(replay.marked))
                found.setdefault((tree.key, cut.marks), cut)
        return rng.sample(list(found.values()), min(budget, len(found)))

    def _chosen(self, budget: int, rng: random.Random) -> set[int]:
        """The moments that are looked at: those at which names and syncs change before others."""
        names = [n for n, what in enumerate(self.moments) if what.startswith(_OF_NAMES)]
        others = [n for n, what in enumerate(self.moments) if not what.startswith(_OF_NAMES)]
        few = rng.sample(names, min(len(names), budget))
        return {*few, *rng.sample(others, min(len(others), max(20, budget // 4)))}

    def judged(self, journal: bool, budget: int, told: Callable[[str], object] = str) -> Outcome:
        """Judge so many cuts."""
        outcome = Outcome()
        for number, cut in enumerate(self.cuts(journal, budget)):
            problem = self._problem(cut, read_before=number % _READERS == 0)
            if cut.tree.kind == HALVES:
                outcome.halves += 1
                outcome.broken_halves += problem is not None
                continue
            outcome.states += 1
            if problem is not None:
                outcome.failures.append(f"{cut.tree.kind} behind {cut.behind}: {problem}")
                told(outcome.failures[-1])
        return outcome

    def _problem(self, cut: Cut, read_before: bool) -> str | None:
        shutil.rmtree(self._cut, ignore_errors=True)
        cut.tree.put(self._cut)
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                if read_before:
                    judge_reading(self._cut)
                self._operation.judge(self._cut, self.known, list(cut.marks))
        except Exception as error:  # whatever it is, the state is not right
            return f"{type(error).__name__}: {error} {said.getvalue()}".strip()
        return None
