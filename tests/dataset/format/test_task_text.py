import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.dataset.format import task_of
from lerecord.errors import DatasetError


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_task_is_kept_without_the_blanks_around_it(text: str) -> None:
    if text.strip():
        assert task_of(f" {text}\n") == text.strip()
    else:
        with pytest.raises(DatasetError, match="The task is empty"):
            task_of(text)


@given(st.binary(min_size=1))
def test_an_argument_is_utf_8_or_refused(argument: bytes) -> None:
    text = os.fsdecode(argument)
    try:
        expected = argument.decode("utf-8").strip()
    except UnicodeDecodeError:
        expected = ""
    if expected:
        assert task_of(text) == expected
    else:
        with pytest.raises(DatasetError, match=r"not valid UTF-8|is empty"):
            task_of(text)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\udcc3\udca9\ud800"])
def test_half_a_character_is_refused(text: str) -> None:
    with pytest.raises(DatasetError, match="not valid UTF-8"):
        task_of(text)


def test_an_argument_that_the_locale_could_not_read_is_read_again() -> None:
    assert task_of("Caf\udcc3\udca9") == "Caf\N{LATIN SMALL LETTER E WITH ACUTE}"
