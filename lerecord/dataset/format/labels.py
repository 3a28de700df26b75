"""Labels: what whoever watched an episode says of it: success, failure, and a note.

They are annotations, a line of `layout.LABELS` each; an episode without a label has no line.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from lerecord.dataset.format import layout
from lerecord.dataset.format.annotations import Annotations
from lerecord.dataset.format.fields import Fields
from lerecord.errors import DatasetError

LabelChoice = Literal["success", "failure", "unlabelled"]
"""What a label says of the outcome."""
_CHOICES: Mapping[bool | None, LabelChoice] = {
    True: "success",
    False: "failure",
    None: "unlabelled",
}
_LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Label:
    """What is said of an episode.

    Attributes:
        success: the task was done; False: it was not; None: nobody has said.
        note: free text; empty for none.
    """

    success: bool | None = None
    note: str = ""

    @property
    def choice(self) -> LabelChoice:
        """The outcome in a word."""
        return _CHOICES[self.success]

    def to_values(self) -> dict[str, Any]:
        """As an annotation; empty where nothing is said."""
        success = {} if self.success is None else {"success": self.success}
        return {**success, **({"note": self.note} if self.note else {})}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """The label that `to_values` gave.

        Raises:
            DatasetError: it is of another form.
        """
        success, note = values.get("success"), values.get("note", "")
        if not isinstance(success, bool | None) or not isinstance(note, str):
            raise DatasetError(
                f"A label says {json.dumps(values)[:100]} where success is true or false and the "
                f"note is text; correct {layout.LABELS}, or restore it from a copy."
            )
        return cls(success, note)

    @classmethod
    def from_json(cls, data: bytes, place: str) -> Self:
        """From the JSON of `to_values`.

        Raises:
            DatasetError: it is of another form.
        """
        return cls.from_values(Fields.parsed(data, place).values)

    def to_json(self) -> bytes:
        """The JSON of `to_values`."""
        return json.dumps(self.to_values(), ensure_ascii=False).encode()


def label_of(annotations: Annotations) -> Label:
    """The label among what is known of an episode.

    Raises:
        DatasetError: it is of another form.
    """
    return Label.from_values(annotations.get("label", {}))


def with_label(annotations: Annotations, label: Label) -> Annotations:
    """What is known of an episode, with this label instead of its own."""
    others = {name: each for name, each in annotations.items() if name != "label"}
    values = label.to_values()
    return {**others, "label": values} if values else others


@dataclass(frozen=True, slots=True)
class LabelChange:
    """What is said of episodes from now on.

    Attributes:
        success: None leaves what was said.
        note: None leaves the note; an empty one takes it away.
        clears: what was said before is taken away first.

    Raises:
        DatasetError: it changes nothing, or the note is too long or no text.
    """

    success: bool | None = None
    note: str | None = None
    clears: bool = False

    def __post_init__(self) -> None:
        if self.success is None and self.note is None and not self.clears:
            raise DatasetError("Nothing is said; say success or failure, give a note, or clear.")
        if self.note is None:
            return
        if len(self.note) > _LONGEST_NOTE:
            raise DatasetError(f"The note is longer than {_LONGEST_NOTE} characters; shorten it.")
        try:
            self.note.encode()
        except UnicodeEncodeError as error:
            raise DatasetError(
                "The note is not valid UTF-8; type it again in a UTF-8 terminal."
            ) from error

    def of(self, before: Label) -> Label:
        """The label of an episode that had this one."""
        before = Label() if self.clears else before
        return Label(
            before.success if self.success is None else self.success,
            before.note if self.note is None else self.note.strip(),
        )

    def words(self) -> str:
        """As it is asked for on a command line."""
        said = {True: ["--success"], False: ["--failure"], None: []}[self.success]
        cleared = ["--clear"] if self.clears else []
        noted = [] if self.note is None else [f"--note {json.dumps(self.note, ensure_ascii=False)}"]
        return " ".join((*cleared, *said, *noted))
