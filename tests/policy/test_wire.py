"""The messages of a policy's server and its clients, and what becomes of bytes that are none."""

import contextlib
import resource
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lerecord.policy import CameraInput, Chunk, PolicyFeatures, PolicyInput, packing, wire

msgpack = pytest.importorskip("msgpack")

FEATURES = PolicyFeatures(("a.pos", "b.pos"), 30, 50, (CameraInput("top", 4, 3),), "degrees")
STATE = np.array([1.5, -2.0], np.float32)
IMAGES = {"top": np.arange(36, dtype=np.uint8).reshape(3, 4, 3)}
DTYPES = ("|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8")


def read(data: bytes) -> None:
    """Read bytes as everything that they may be."""
    message = packing.unpacked(data)
    for reader in (
        wire.extra_of,
        wire.features_of,
        lambda each: wire.observation_of(each, FEATURES),
        lambda each: wire.chunk_of(each, None),
    ):
        try:
            reader(message)
        except packing.WireError:
            continue


def read_strictly(message: dict[str, Any]) -> None:
    wire.extra_of(message)
    wire.observation_of(message, FEATURES)


def test_an_array_travels_as_openpis_client_writes_it() -> None:
    array = np.array([[1.0, 2.0]], np.float32)
    as_map = {
        b"__ndarray__": True, b"data": array.tobytes(), b"dtype": "<f4", b"shape": [1, 2],
    }  # fmt: skip
    assert packing.packed({"actions": array}) == msgpack.packb({"actions": as_map})
    number = {b"__npgeneric__": True, b"data": 2.5, b"dtype": "<f4"}
    assert packing.packed({"t": np.float32(2.5)}) == msgpack.packb({"t": number})


@given(st.sampled_from(DTYPES).flatmap(lambda name: hnp.arrays(name, hnp.array_shapes(min_dims=0))))
def test_arrays_come_back_as_they_were(array: np.ndarray[Any, Any]) -> None:
    back = packing.unpacked(packing.packed({"x": array}))["x"]
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())


def test_observation_and_chunk_come_back() -> None:
    left = np.ones((3, 2), np.float32)
    asked = wire.Extra(7, 2, 40, wire.RealTimeChunking(4, 6, left))
    sent = wire.observation_message(PolicyInput(STATE, IMAGES, "Grab it"), asked)
    message = packing.unpacked(packing.packed(sent))
    assert message["_"]["rtc"]["inference_delay"] == 4
    assert np.array_equal(message["_"]["rtc"]["prev_chunk_left_over"], left)
    seen = wire.observation_of(message, FEATURES)
    assert np.array_equal(seen.state, STATE)
    assert np.array_equal(seen.images["top"], IMAGES["top"])
    assert seen.task == "Grab it"
    extra = wire.extra_of(message)
    assert extra == wire.Extra(7, 2, 40)
    chunk = Chunk(np.zeros((5, 2), np.float32), done=True)
    reply = packing.unpacked(packing.packed(wire.reply_message(chunk, extra, 12.5)))
    assert reply["server_timing"] == {"infer_ms": 12.5}
    back = wire.chunk_of(reply, asked)
    assert (back.actions.shape, back.done) == ((5, 2), True)
    with pytest.raises(packing.WireError, match="another request"):
        wire.chunk_of(reply, wire.Extra(8, 2))


def test_metadata_comes_back() -> None:
    metadata = packing.unpacked(packing.packed(wire.metadata_of(FEATURES)))
    assert metadata["lerecord_policy"] == 1
    assert wire.features_of(metadata) == FEATURES


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": np.zeros(3, np.float32)}, "`state` is not 2 finite numbers"),
        ({"state": np.array([1, np.nan], np.float32)}, "`state` is not 2 finite numbers"),
        ({"state": np.array([1, 1e300])}, "`state` is not 2 finite numbers"),
        ({"prompt": 3}, "`prompt` is not a text"),
        ({"images": {}}, "the image of top is not"),
        ({"images": {"top": np.zeros((4, 3, 3), np.uint8)}}, "the image of top is not"),
        ({"images": {"top": np.zeros((3, 4, 3), np.float32)}}, "the image of top is not"),
        ({"_": 1}, "`_` is not a map"),
        ({"_": {"seq": -1, "epoch": 0}}, "seq is not a whole number"),
        ({"_": {"seq": True, "epoch": 0}}, "seq is not a whole number"),
    ],
)
def test_an_observation_that_does_not_fit_is_refused(change: dict[str, Any], sentence: str) -> None:
    message = {"state": STATE, "images": IMAGES, "prompt": "x"} | change
    with pytest.raises(packing.WireError, match=sentence):
        read_strictly(message)


@pytest.mark.parametrize(
    "array",
    [
        {b"data": b"", b"dtype": "|O", b"shape": [0]},
        {b"data": b"", b"dtype": "(2**40,)f8", b"shape": [0]},
        {b"data": b"1234", b"dtype": "<f4", b"shape": [2**62, 0]},
        {b"data": b"1234", b"dtype": "<f4", b"shape": [2]},
        {b"data": b"1234", b"dtype": "<f4", b"shape": [-1]},
        {b"data": b"", b"dtype": "<f4", b"shape": [0] * 40},
        {b"data": "1234", b"dtype": "<f4", b"shape": [1]},
        {b"data": b"1234", b"dtype": "<f4"},
        {b"data": b"1234", b"dtype": ["<f4"], b"shape": [1]},
    ],
)
def test_an_array_that_is_none_is_refused(array: dict[bytes, Any]) -> None:
    with pytest.raises(packing.WireError):
        packing.unpacked(msgpack.packb({"x": {b"__ndarray__": True, **array}}))


leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.binary()
keys = st.text(max_size=4) | st.sampled_from(
    [
        *(b"__ndarray__", b"__npgeneric__", b"data", b"dtype", b"shape"),
        *("_", "seq", "epoch", "t", "rtc", "state", "images", "prompt", "top", "actions"),
        *("joints", "cameras", "fps", "horizon", "units"),
    ]
)
values = st.recursive(
    leaves | st.text(max_size=4) | st.sampled_from([*DTYPES, "|O", "<f1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
)


@settings(max_examples=60)
@given(st.dictionaries(keys, values, max_size=8))
def test_messages_of_any_form_are_read_or_refused(message: dict[Any, Any]) -> None:
    with contextlib.suppress(packing.WireError):
        read(msgpack.packb(message))


@settings(max_examples=300)
@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 255))
def test_any_bytes_are_read_or_refused(data: bytes, place: int, byte: int) -> None:
    whole = bytearray(
        packing.packed(wire.observation_message(PolicyInput(STATE, IMAGES, "x"), wire.Extra(1, 1)))
    )
    whole[place % len(whole)] = byte
    for each in (data, bytes(whole), bytes(whole[:place])):
        with contextlib.suppress(packing.WireError):
            read(each)


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\xff\xff\xff\xff",  # a list of four billion
        b"\xdf\xff\xff\xff\xff",  # a map of as many
        b"\xc6\xff\xff\xff\xff",  # as many bytes
        b"\x81\xa1x" * 200_000,  # maps in maps
        b"\x91" * 1_000_000,
        b"\x81\xc0\xc0",  # a key that is none
        b"\xc7\x08\x01" + bytes(8),  # an extension
    ],
)
def test_what_announces_more_than_it_brings_takes_no_memory(data: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(packing.WireError):
        packing.unpacked(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB
