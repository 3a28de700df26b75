"""LeRobot's PolicyServer, played by a gRPC server that pickles as it does."""

import contextlib
import io
import pickle
import struct
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lerecord.errors import ConfigError, LerecordError
from lerecord.policy import CameraInput, PolicyFeatures, PolicyInput
from lerecord.policy.client import Ask, Block
from lerecord.policy.lerobot import LerobotBackend, ServedPolicy, chunk_of, pickled, requests
from lerecord.policy.packing import WireError

RIG = PolicyFeatures(("a.pos", "b.pos"), 30, 1, (CameraInput("top", 4, 3),), "degrees")
SEEN = PolicyInput(
    np.array([1.5, -2.0], np.float32),
    {"top": np.arange(36, dtype=np.uint8).reshape(3, 4, 3)},
    "Grab it",
)
NOTHING = Block.of(np.zeros((0, 2), np.float32))
CHUNK = np.arange(8, dtype=np.float32).reshape(4, 2) * np.float32(0.37)


def ask(seq: int) -> Ask:
    return Ask(seq, 1, 0, 0, None, 0.0, Block.of(SEEN.state), NOTHING, "Grab it")


class Storage:
    """Pickles as torch's storage does, in torch.save's old form."""

    def __init__(self, numbers: NDArray[Any], announced: int | None = None) -> None:
        self._numbers = numbers
        self._announced = len(numbers) if announced is None else announced

    def __reduce__(self) -> Any:
        stream = io.BytesIO()
        for each in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
            pickle.dump(each, stream, 2)
        kind = {"f4": "FloatStorage", "f8": "DoubleStorage"}[self._numbers.dtype.str[1:]]
        name = b"ctorch\n" + kind.encode() + b"\n"
        count = struct.pack("<i", self._announced)
        stream.write(b"\x80\x02(X\x07\x00\x00\x00storage" + name)
        stream.write(b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ" + count + b"NtQ.")
        pickle.dump(["0"], stream, 2)
        stream.write(struct.pack("<q", len(self._numbers)) + self._numbers.tobytes())
        return sys.modules["torch.storage"]._load_from_bytes, (stream.getvalue(),)


class Tensor:
    """Pickles as a row of a torch tensor does: with the storage of all rows."""

    def __init__(self, storage: Storage, offset: int, length: int) -> None:
        self._parts: tuple[Any, ...] = storage, offset, (length,), (1,), False, OrderedDict()

    def __reduce__(self) -> Any:
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self._parts


@pytest.fixture(scope="module", autouse=True)
def names() -> Iterator[None]:
    """What pickle must find under LeRobot's names while it writes."""
    before = dict(sys.modules)
    for package in ("torch", "lerobot", "lerobot.async_inference"):
        sys.modules.setdefault(package, types.ModuleType(package))
    for module, name in (
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch.storage", "_load_from_bytes"),
        ("lerobot.async_inference.helpers", "TimedAction"),
        ("lerobot.async_inference.helpers", "TimedObservation"),
        ("lerobot.async_inference.helpers", "RemotePolicyConfig"),
    ):
        made = type(name, (), {}) if name[0] != "_" else types.FunctionType(_code, {}, name)
        made.__module__, made.__qualname__ = module, name
        setattr(sys.modules.setdefault(module, types.ModuleType(module)), name, made)
    yield
    for module in sys.modules.keys() - before.keys():
        del sys.modules[module]


_code = (lambda *_: None).__code__


def reply(
    actions: NDArray[Any], timestamp: float = 1.25, timestep: int = 7, announced: int | None = None
) -> bytes:
    helpers: Any = sys.modules["lerobot.async_inference.helpers"]
    storage = Storage(actions.ravel(), announced)
    timed = []
    for place in range(len(actions)):
        each = helpers.TimedAction()
        each.timestamp, each.timestep = timestamp + place / 30, timestep + place
        each.action = Tensor(storage, place * actions.shape[1], actions.shape[1])
        timed.append(each)
    return pickle.dumps(timed, 4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_chunk_is_read_to_the_last_bit(dtype: type) -> None:
    chunk = chunk_of(reply(CHUNK.astype(dtype)))
    assert (chunk.timestamp, chunk.timestep) == (1.25, 7)
    assert chunk.actions.dtype == np.float32
    assert np.array_equal(chunk.actions, CHUNK)


def test_a_number_that_is_too_large_is_infinite() -> None:
    chunk = chunk_of(reply(np.array([[1.0, 1e300]])))
    assert chunk.actions.tolist() == [[1.0, np.inf]]


class Attack:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self._path,)


def test_nothing_that_a_pickle_names_is_called(tmp_path: Path) -> None:
    with pytest.raises(WireError):
        chunk_of(pickle.dumps([Attack(tmp_path / "touched")]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "value",
    [[], {}, [1], [[[]]], "x", [{"action": 1}], {"a", "b"}, complex(1, 2), bytearray(b"x")],
)
def test_another_value_is_refused(value: object) -> None:
    with pytest.raises(WireError):
        chunk_of(pickle.dumps(value))


def test_numbers_that_are_announced_and_not_there_are_refused() -> None:
    with pytest.raises(WireError, match="other numbers than it brings"):
        chunk_of(reply(CHUNK, announced=2**31 - 1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04.",
        b"\x80\x04]",
        b"\x80\x04](e.",
        b"\x80\x04K\x01a.",
        b"\x80\x04}K\x01s.",
        b"\x80\x04h\x05.",
        b"\x80\x04(t(t.",
        b"\x80\x04\x8e" + b"\xff" * 8,
        b"\x80\x04\x8b\xff\xff\xff\x7f",
        b"\x80\x02cx\ny\nz.",
        b"I" + b"9" * 10_000 + b"\n.",
        b"\x80\x04](]" + b"2" * 100 + b"e.",
        b"\x80\x04" + b"]" * 1_000_001,
    ],
)
def test_a_torn_pickle_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        chunk_of(data)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.binary(max_size=200))
def test_damage_is_refused_or_changes_numbers(data: st.DataObject, noise: bytes) -> None:
    whole = reply(CHUNK)
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place : place + data.draw(st.integers(0, 3))] = noise[:3]
    for each in (bytes(changed), whole[:place], noise, b"\x80\x04" + noise + b"."):
        with contextlib.suppress(WireError):
            chunk_of(each)
        with contextlib.suppress(WireError):
            requests.actions_data(each)


def test_what_is_sent_are_lerobots_own_objects() -> None:
    data = requests.observation(SEEN, RIG.joints, 1.25, 7)
    sent = pickle.loads(data)
    assert type(sent).__name__ == "TimedObservation"
    assert (sent.timestamp, sent.timestep, sent.must_go) == (1.25, 7, True)
    top = sent.observation.pop("top")
    assert np.array_equal(top, SEEN.images["top"])
    assert sent.observation == {"a.pos": 1.5, "b.pos": -2.0, "task": "Grab it"}


@dataclass
class Recorded:
    """What LeRobot's server was told."""

    calls: list[str]
    config: Any = None
    observation: Any = None


@contextlib.contextmanager
def served(answer: Callable[[Any], bytes]) -> Iterator[tuple[str, Recorded]]:
    grpc = pytest.importorskip("grpc")
    told = Recorded([])

    def ready(message: bytes, context: Any) -> bytes:
        told.calls.append("ready")
        return b""

    def instructions(message: bytes, context: Any) -> bytes:
        told.calls.append("instructions")
        told.config = pickle.loads(requests.actions_data(message))
        return b""

    def observations(messages: Iterator[bytes], context: Any) -> bytes:
        told.calls.append("observations")
        parts = [(each[1], requests.actions_data(b"\x0a" + each[3:])) for each in messages]
        assert [state for state, _ in parts][-1] == 3
        told.observation = pickle.loads(b"".join(part for _, part in parts))
        return b""

    def actions(message: bytes, context: Any) -> bytes:
        data = answer(told.observation)
        return requests._bytes_field(1, data) if data else b""

    methods = {
        "Ready": grpc.unary_unary_rpc_method_handler(ready),
        "SendPolicyInstructions": grpc.unary_unary_rpc_method_handler(instructions),
        "SendObservations": grpc.stream_unary_rpc_method_handler(observations),
        "GetActions": grpc.unary_unary_rpc_method_handler(actions),
    }
    server = grpc.server(futures.ThreadPoolExecutor(2))
    service = grpc.method_handlers_generic_handler("transport.AsyncInference", methods)
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"lerobot://127.0.0.1:{port}?policy=act&path=/some/where&actions=4", told
    finally:
        server.stop(None).wait()


def test_a_chunk_comes_from_a_server_that_was_told_what_the_rig_has() -> None:
    with served(lambda seen: reply(CHUNK, seen.timestamp, seen.timestep)) as (address, told):
        backend = LerobotBackend(address, RIG)
        features = backend.open()
        assert (features.joints, features.horizon) == (RIG.joints, 4)
        assert np.array_equal(backend.infer(ask(3), SEEN).actions, CHUNK)
        assert backend.open() == features
        assert told.calls == ["ready", "instructions", "observations"]
        assert told.config.policy_type == "act"
        assert told.config.pretrained_name_or_path == "/some/where"
        assert told.config.actions_per_chunk == 4
        assert told.config.lerobot_features == {
            "observation.state": {"dtype": "float32", "shape": (2,), "names": ["a.pos", "b.pos"]},
            "observation.images.top": {
                "dtype": "image",
                "shape": (3, 4, 3),
                "names": ["height", "width", "channels"],
            },
        }


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "answered with no actions; its own log says why"),
        (b"\x80\x04.", "speaks otherwise than it should"),
        (None, "answered another observation"),
    ],
)
def test_a_strange_answer_is_one_sentence(answer: bytes | None, sentence: str) -> None:
    def answered(seen: Any) -> bytes:
        return reply(CHUNK, 3.0, seen.timestep) if answer is None else answer

    with served(answered) as (address, told):
        backend = LerobotBackend(address, RIG)
        backend.open()
        for _ in range(2):
            with pytest.raises(LerecordError, match=sentence):
                backend.infer(ask(1), SEEN)
        backend.open()  # the server may be another one by now
        assert told.calls.count("instructions") == 2


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    pytest.importorskip("grpc")
    backend = LerobotBackend("lerobot://127.0.0.1:1?policy=act&path=x", RIG)
    with pytest.raises(LerecordError, match=r"127.0.0.1:1 did not load the policy \(unavailable\)"):
        backend.open()


@pytest.mark.parametrize("address", ["lerobot://", "lerobot://here", "lerobot://here?policy=act"])
def test_an_address_without_a_policy_is_one_sentence(address: str) -> None:
    with pytest.raises(ConfigError, match="is written lerobot://"):
        ServedPolicy.of(address)


def test_a_pickle_of_data_is_read_as_it_is() -> None:
    value = {"a": [1, -2, 3.5, None, True, ("x", b"y")], "n": 2**70}
    for protocol in (3, 4, 5):
        assert pickled.read(io.BytesIO(pickle.dumps(value, protocol))) == value
