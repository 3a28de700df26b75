import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.dataset.format import layout
from lerecord.dataset.storage import PendingView, finish_pending, manifest
from lerecord.dataset.storage.manifest import Append, ManifestError, Move, OtherVersionError, Remove
from lerecord.errors import DatasetError

NAMES = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="/"), min_size=1)
PLAIN = NAMES.filter(lambda name: not name.startswith("."))
FILES = st.builds(
    lambda top, below: "/".join([top, *below]),
    st.sampled_from(layout.FOLDERS),
    st.lists(PLAIN, min_size=1, max_size=3),
)
KEPT = st.builds(lambda *names: "/".join([layout.TRASH, *names]), PLAIN, PLAIN)
TAKES = st.builds(lambda take: f"{layout.TAKES}/{take}", PLAIN)
STEPS = st.one_of(
    st.builds(Move, st.integers(0, 10**6).map("{:06d}".format), FILES | KEPT),
    st.builds(
        Append, FILES, st.integers(0, 2**53 - 1), st.text(st.characters(codec="utf-8"), max_size=20)
    ),
    st.builds(Remove, FILES | TAKES | st.just(layout.TRASH)),
)


@given(st.lists(STEPS, max_size=5))
def test_what_a_change_does_survives_its_manifest(steps: list[manifest.Step]) -> None:
    assert manifest.parse(manifest.to_bytes(steps)) == steps


def append(target: Any, length: Any = 0, data: Any = "x\n") -> dict[str, Any]:
    return {"kind": "append", "target": target, "length": length, "data": data}


REFUSED = {
    "absolute": append("/etc/passwd"),
    "above": append("../victim/.bashrc"),
    "above, from inside": append("meta/../../victim/.bashrc"),
    "here": append("meta/./info.json"),
    "nothing": append(""),
    "no name": append("meta//info.json"),
    "a folder alone": append("meta"),
    "a folder's end": append("meta/"),
    "another folder": append(".git/hooks/post-merge"),
    "no folder": append("pyproject.toml"),
    "hidden": append("meta/.git/config"),
    "the lock": append(layout.LOCK),
    "a transaction": append(f"{layout.TRANSACTIONS}/x/manifest.json"),
    "a running take": append(f"{layout.TAKES}/x/take.json"),
    "the private part": {"kind": "remove", "target": layout.PRIVATE},
    "every take": {"kind": "remove", "target": layout.TAKES},
    "out of the trash": {"kind": "remove", "target": f"{layout.TRASH}/../../../victim"},
    "a NUL": append("meta/a\0b"),
    "an escape": append("meta/\x1b[2J"),
    "half a pair": append("meta/\ud800"),
    "no text": append(3),
    "data of half a pair": append("meta/a", data="\ud800"),
    "data of no text": append("meta/a", data=["x"]),
    "a negative length": append("meta/a", -1),
    "a length of no number": append("meta/a", "1"),
    "a length of truth": append("meta/a", True),
    "an endless length": append("meta/a", 2**70),
    "a source by name": {"kind": "move", "source": "take.json", "target": "meta/a"},
    "a source above": {"kind": "move", "source": "../../lock", "target": "meta/a"},
    "an absolute source": {"kind": "move", "source": "/etc/passwd", "target": "meta/a"},
    "a source of other digits": {"kind": "move", "source": "\u0660" * 6, "target": "meta/a"},
    "a move to a take": {"kind": "move", "source": "000000", "target": f"{layout.TAKES}/a/b"},
    "a move to hub.json": {"kind": "move", "source": "000000", "target": ".lerecord/hub.json"},
    "another kind": {"kind": "exec", "target": "meta/a"},
    "a kind of no text": {"kind": ["move"], "target": "meta/a"},
    "a further entry": {**append("meta/a"), "mode": 0o755},
    "an entry less": {"kind": "append", "target": "meta/a"},
    "no object": ["append", "meta/a"],
}


def planted(root: Path, data: bytes) -> Path:
    folder = root / layout.TRANSACTIONS / ("a" * 16)
    folder.mkdir(parents=True)
    (folder / "000000").write_bytes(b"staged")
    (folder / manifest.NAME).write_bytes(data)
    return folder


@pytest.mark.parametrize("step", REFUSED.values(), ids=REFUSED.keys())
def test_a_step_that_no_change_has_is_refused_before_anything_is_done(
    tmp_path: Path, step: Any
) -> None:
    root = tmp_path / "set"
    steps = [append("meta/first"), step]
    folder = planted(root, json.dumps({"version": 1, "steps": steps}).encode())
    before = sorted(tmp_path.rglob("*"))
    for look in (finish_pending, PendingView.of):
        with pytest.raises(DatasetError, match=f"rm -r {folder}$"):
            look(root)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"version": 1, "steps": {}}'],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, data: bytes) -> None:
    planted(tmp_path, data)
    with pytest.raises(DatasetError, match="is not a change that lerecord began"):
        finish_pending(tmp_path)


def test_a_manifest_too_large_to_be_one_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "LIMIT_BYTES", 100)
    planted(tmp_path, b" " * 101)
    with pytest.raises(DatasetError, match="larger than the 100 bytes"):
        finish_pending(tmp_path)
    with pytest.raises(ManifestError, match="steps are too many"):
        manifest.to_bytes([Remove("meta/a")] * 10)


def test_another_version_is_told_from_no_manifest() -> None:
    with pytest.raises(OtherVersionError):
        manifest.parse(b'{"version": 2, "anything": []}')


@pytest.mark.parametrize("source", ["link", "folder"])
def test_a_staged_file_is_a_file(tmp_path: Path, source: str) -> None:
    steps = [{"kind": "move", "source": "000000", "target": "meta/a"}]
    folder = planted(tmp_path / "set", json.dumps({"version": 1, "steps": steps}).encode())
    (folder / "000000").unlink()
    if source == "link":
        (tmp_path / "secret").write_text("secret")
        (folder / "000000").symlink_to(tmp_path / "secret")
    else:
        (folder / "000000").mkdir()
    with pytest.raises(DatasetError, match=r"000000 is (a link|not a file)"):
        PendingView.of(tmp_path / "set")
    with pytest.raises(DatasetError, match=r"000000 is (a link|not a file)"):
        finish_pending(tmp_path / "set")
    assert not (tmp_path / "set/meta").exists()
