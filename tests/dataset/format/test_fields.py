"""JSON of others, field by field."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.dataset.format import Fields, require_flat, shown
from lerecord.errors import DatasetError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def fields(**values: Any) -> Fields:
    return Fields(values, "meta/x.json")


@given(JSON)
def test_a_count_is_a_whole_number_or_a_sentence_that_names_file_and_field(value: Any) -> None:
    sentence = ""
    try:
        count = fields(length=value).count("length", at_most=100)
    except DatasetError as refusal:
        sentence = str(refusal)
    if sentence:
        assert sentence.startswith("meta/x.json has length ")
        assert sentence.isprintable()
    else:
        assert type(count) is int
        assert count == value
        assert 0 <= count <= 100


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e308, -1, True, "3", None, [3], 10**400])
def test_what_is_no_count_is_refused(value: Any) -> None:
    with pytest.raises(DatasetError, match="where a whole number from 0 to 2147483647 is expected"):
        fields(length=value).count("length")


def test_a_field_that_is_missing_is_named() -> None:
    with pytest.raises(DatasetError, match=r"^meta/x\.json lacks 'length'; restore it"):
        fields().count("length")
    with pytest.raises(DatasetError, match=r"^meta/x\.json, features lacks 'action'"):
        fields(features={}).object("features").object("action")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": "\\ud800"}', b'{"a": "\\uD800"}', b"1" * 5000],
)
def test_what_is_no_json_is_one_sentence(data: bytes) -> None:
    with pytest.raises(DatasetError, match=r"^meta/x\.json is not valid JSON"):
        Fields.parsed(data, "meta/x.json")


def test_text_outside_of_ascii_is_read() -> None:
    text = "抓取 📦 \\ud"
    assert Fields.parsed(json.dumps({"a": text}).encode(), "x").text("a") == text


def test_deep_nesting_is_refused() -> None:
    value: Any = 1
    for _ in range(40):
        value = {"a": [value]}
    with pytest.raises(DatasetError, match="more than 32 levels deep"):
        require_flat(value, "x")
    require_flat({"a": [{"b": ["text"]}]}, "x")


def test_a_value_is_shown_escaped_and_short() -> None:
    assert shown("a\x1b[2J\u202e") == '"a\\u001b[2J\\u202e"'
    assert len(shown("x" * 10_000)) < 100
    assert len(shown(list(range(10_000)))) < 200
