"""Why lerecord does not read some metadata that LeRobot loads, and what `check` says of the rest.

One entry a kind of difference.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

_EVERY_FILE = "LeRobot opens every file below data/; lerecord looks where the metadata says"

NOT_ALIKE: Mapping[str, str] = MappingProxyType(
    {
        r"is not valid JSON": "text that no file can hold could not be written again",
        r"is nested more than": "JSON nested so deeply could not be written again",
        r"^info.json (data|video)_path: ": _EVERY_FILE,
        r"parquet data (chunk|file)_index: ": _EVERY_FILE,
        r"^info.json chunks_size: ": "LeRobot writes 1000 only; lerecord reads no other",
        r"^info.json codebase_version: ": "a version to come is not taken for one that is known",
        r"^info.json fps: .*(has fps|not an image for each)": "a rate is a whole number up to "
        "10,000, and images lie 1 / fps apart",
        r"^info.json robot_type: ": "the name of a robot is text",
        r"^info.json total_\w+: .*(has|lacks 'total)": "a count is a whole number",
        r"^info.json total_\w+: (frames: |.* counts )": "LeRobot counts all files, or believes "
        "total_frames; lerecord counts the committed episodes",
        r"^info.json features.*: .*(lacks '|one number is expected)": "LeRobot's own five features "
        "are needed",
        r"^info.json features \*: keys: ": "a column that info.json does not describe is not read",
        r"^info.json features \* dtype: ": "a feature has one of LeRobot's types",
        r"^info.json features \* shape: ": "a feature's values have the shape that it says",
        r"is_depth_map: observation": "colour that is called depth stays colour",
        r" episode_index: ": "episodes are numbered 0, 1, 2, ...",
        r" length: ": "an episode is as long as it says; LeRobot cuts its windows there",
        r"parquet tasks: .* none of episode": "an episode lists the tasks of its frames",
        r"tasks.(jsonl|parquet) task(_index)?: ": "a task is text, and its number a whole one",
        r"stats \*? ?.*: .*(has|lacks)": "statistics are numbers of the form that LeRobot writes",
    }
)
"""A pattern of `field: what lerecord says` or of `field: the difference`, and the reason."""

FOUND: Mapping[str, str] = MappingProxyType(
    {
        r"^(fps|splits|total_\w+) in meta/info.json is": "it does not follow from the rest",
        r"lines of meta/tasks.jsonl is": "info.json counts other tasks than there are",
        r"meta/tasks.jsonl lists|task_index is": "the lists of tasks disagree",
        r"meta/episodes_stats.jsonl( lacks|: )": "statistics are missing or those of other frames",
        r"belongs to no episode": "a file is left that no episode describes",
        r"of the decoded images is not that": "statistics are missing or those of other frames",
        r"the pixel format is": "info.json and the video disagree",
    }
)
"""A pattern of what `check` finds where both read the same, and what was varied there."""


def reason(sentence: str, reasons: Mapping[str, str]) -> str | None:
    """The first that fits; None when nothing explains it."""
    return next((why for pattern, why in reasons.items() if re.search(pattern, sentence)), None)
