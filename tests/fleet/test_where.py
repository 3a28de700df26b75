"""The language that says which episodes are meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.errors import ConfigError
from lerecord.fleet.where import FIELDS, parsed

EPISODE: dict[str, Any] = {
    "label": "success",
    "gate": "",
    "health": "good",
    "task": ("Grab the box", "Put it down"),
    "station": "bench-3",
    "source": "cups",
    "rig": "koch",
    "length": 90.0,
}
HOLDS = (
    "",
    "label = success",
    "label=success and gate != redo",
    "not label = failure",
    "label = failure or length <= 1.5m",
    "label = failure and label = failure or rig = koch",
    "not (label = failure or length > 2m) and length > .02h",
    "task = 'Grab the box'",
    'task = "*down"',
    "station = bench-*",
    "length = 90s and length >= 90 and length != 91",
    "source = cups and source != 'c?ps' and source != [c]ups",
    "label != 'and'",
)
FAILS = (
    "label = failure",
    "not label = success",
    "task != 'Grab the box' and task != x",
    "label = success and (length < 1m or station = bench)",
    "rig = KOCH",
)
WRONG = {
    "colour = red": "no field 'colour'; there are label, gate",
    "label": "a comparison behind label is missing",
    "label success": "'success' stands where a comparison",
    "label =": "a value behind label = is missing",
    "label = )": "')' stands where a value is due",
    "label < success": "label is a word, which < does not compare",
    "length = long": "'long' is no length",
    "length > 3 days": "'days' stands where `and`, `or` or the end",
    "(label = success": "a parenthesis is not closed",
    "label = success)": "')' stands where",
    "label = 'success": "cannot be understood",
    "and": "no field 'and'",
    "not": "a field is missing",
    "(" * 60: "nested too deeply",
}


@pytest.mark.parametrize("text", HOLDS)
def test_what_holds(text: str) -> None:
    assert parsed(text)(EPISODE)


@pytest.mark.parametrize("text", FAILS)
def test_what_does_not(text: str) -> None:
    assert not parsed(text)(EPISODE)


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_one_is_refused_with_one_sentence_that_says_where(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(text)
    assert WRONG[text] in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.lists(st.sampled_from([*FIELDS, "=", "<", "(", ")", "and", "or", "not", "x", "3", '"'])))
def test_any_words_are_a_condition_or_refused(words: list[str]) -> None:
    try:
        condition = parsed(" ".join(words))
    except ConfigError:
        return
    assert condition(EPISODE) in (True, False)
