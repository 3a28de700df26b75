import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.commands import command, for_dataset

NAMES = st.text(
    st.characters(exclude_characters="/\0", categories=["L", "P", "S", "Zs"]), min_size=1
)


@given(NAMES)
def test_a_pasted_command_means_the_same_path(name: str) -> None:
    pasted = command("check", Path(name))
    program, verb, word = shlex.split(pasted.removeprefix("`").removesuffix("`"))
    assert (program, verb) == ("lerecord", "check")
    assert Path(word) == Path(name)
    assert not word.startswith("-")


@pytest.mark.parametrize(
    "name",
    [
        "data/chunk-000/episode_000000.parquet",
        "videos/chunk-000/observation.images.data/episode_000000.mp4",
        "meta/info.json",
        ".lerecord/takes/20260101-000000",
    ],
)
def test_the_dataset_of_a_file_is_named(name: str) -> None:
    path = Path("/data/my set") / name
    assert for_dataset("edit undo", path) == "`lerecord edit undo '/data/my set'`"
