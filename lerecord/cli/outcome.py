"""What came of a session, for a person or a program."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from lerecord.commands import command
from lerecord.counted import counted
from lerecord.policy import PolicyFigures
from lerecord.recording.recorder import Recorder, Saved
from lerecord.recording.session import TaskCount, said_of

_Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a session.

    Attributes:
        dataset: its folder.
        saved: committed episodes, in order.
        unsaved: ids of saved takes that could not be committed and are kept to be salvaged.
        spooled: images that had to wait on the disk for their encoder.
        box_on_target: of each committed episode of a simulated rig, at its end.
        left: ids of takes that were ended unsaved and are kept to be salvaged.
        discarded: takes of which nothing is kept.
        failure: why the session ended before its time; None when it did not.
        policy: how a policy has driven; None when none has.
        tasks: of a session with several, with what the dataset holds of each now.
    """

    dataset: str
    saved: tuple[Saved, ...]
    unsaved: tuple[str, ...]
    spooled: int
    box_on_target: tuple[bool, ...]
    left: tuple[str, ...] = ()
    discarded: int = 0
    failure: str | None = None
    policy: PolicyFigures | None = None
    tasks: tuple[TaskCount, ...] = ()

    @classmethod
    def of(
        cls, root: Path, recorder: Recorder, endings: Sequence[int | None], stood: Sequence[bool]
    ) -> Self:
        """What a recorder that is closed has done.

        Args:
            root: the dataset.
            recorder: which is closed.
            endings: of each take, the episode that it was saved as, or None.
            stood: of each take, whether the box was on the target; empty without a box.
        """
        committed = {saved.episode for saved in recorder.saved}
        box = {
            episode: on_target
            for episode, on_target in zip(endings, stood, strict=False)
            if episode in committed
        }
        return cls(
            dataset=str(root),
            saved=tuple(recorder.saved),
            unsaved=tuple(recorder.unsaved),
            left=tuple(recorder.left),
            spooled=recorder.spooled,
            box_on_target=tuple(box.values()),
            discarded=endings.count(None) - len(recorder.left),
        )

    def to_data(self) -> dict[str, Any]:
        """All of it, for programs."""
        data = asdict(self)
        for saved in data["saved"]:
            saved["frames"] = saved.pop("rows")
        return data

    def lines(self) -> Iterator[str]:
        """A sentence for each thing worth knowing."""
        yield from self._of_episodes()
        for each in self.tasks:
            yield f"{each.done} of {each.wanted}: {each.task}"
        if self.box_on_target:
            of = counted(len(self.box_on_target), "saved episode")
            yield f"The box stood on the target in {sum(self.box_on_target)} of {of}."
        if self.policy is not None:
            if self.box_on_target:
                low, high = wilson(sum(self.box_on_target), len(self.box_on_target))
                yield f"So it succeeds in {low:.0%} to {high:.0%} of rollouts (95 %, Wilson)."
            yield self.policy.line()
        if self.spooled:
            yield f"{self.spooled} images waited on disk to be encoded; none were lost."
        if self.discarded:
            yield f"Discarded: {counted(self.discarded, 'take')}."
        dataset = Path(self.dataset)
        if kept := self.unsaved + self.left:
            yield (
                f"Not saved, but kept: {', '.join(kept)}. {command('recover', dataset)} turns "
                f"{'it into an episode' if len(kept) == 1 else 'them into episodes'}."
            )
        if self.saved:
            yield f"The dataset is {self.dataset}; {command('check', dataset)} verifies it."
        else:
            yield "No episode was saved."

    def _of_episodes(self) -> Iterator[str]:
        for saved in self.saved:
            again = " again" if saved.replaced else ""
            length = f"{counted(saved.rows, 'frame')}, {saved.seconds:.1f} s"
            said = {True: ", success", False: ", failure", None: ""}[saved.success]
            yield f"episode {saved.episode}{again}: {length}, {saved.task}{said}"
            for remark in said_of(saved, Path(self.dataset)):
                yield f"  {remark}"


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Between which shares the true one lies with 95 % confidence: Wilson's score interval."""
    z2 = _Z_95 * _Z_95
    middle = (successes + z2 / 2) / (trials + z2)
    spread = math.sqrt(successes * (trials - successes) / trials + z2 / 4) * _Z_95 / (trials + z2)
    return max(0.0, middle - spread), min(1.0, middle + spread)
