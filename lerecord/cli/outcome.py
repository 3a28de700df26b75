"""What came of a session, for a person or a program."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lerecord.commands import command
from lerecord.recording.recorder import Recorder, Saved


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a session.

    Attributes:
        dataset: its folder.
        saved: committed episodes, in order.
        unsaved: ids of saved takes that could not be committed and are kept to be salvaged.
        spooled: images that had to wait on the disk for their encoder.
        box_on_target: of each finished demonstration of a simulated rig.
        left: ids of takes that were ended unsaved and are kept to be salvaged.
    """

    dataset: str
    saved: tuple[Saved, ...]
    unsaved: tuple[str, ...]
    spooled: int
    box_on_target: tuple[bool, ...]
    left: tuple[str, ...] = ()

    @classmethod
    def of(cls, root: Path, recorder: Recorder, demonstrations: Sequence[bool]) -> Self:
        """What a recorder that is closed has done."""
        return cls(
            dataset=str(root),
            saved=tuple(recorder.saved),
            unsaved=tuple(recorder.unsaved),
            left=tuple(recorder.left),
            spooled=recorder.spooled,
            box_on_target=tuple(demonstrations),
        )

    def lines(self) -> Iterator[str]:
        """A sentence for each thing worth knowing."""
        for saved in self.saved:
            again = " again" if saved.replaced else ""
            length = f"{saved.rows} frames, {saved.seconds:.1f} s"
            yield f"episode {saved.episode}{again}: {length}, {saved.task}"
            for remark in saved.remarks:
                yield f"  {remark}"
        if self.box_on_target:
            stood, takes = sum(self.box_on_target), len(self.box_on_target)
            yield f"The box was on the target in {stood} of {takes} takes."
        if self.spooled:
            yield f"{self.spooled} images waited on disk to be encoded; none were lost."
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
