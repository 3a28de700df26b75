import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lerecord.hub.content import (
    BATCH_BYTES,
    BATCH_FILES,
    Batch,
    LocalFile,
    RemoteFile,
    batches,
    compared,
    files_of,
)


class Sized(LocalFile):
    """A file of a size and a content, without a disk."""

    def __init__(self, path: str, size_bytes: int, content: str = "") -> None:
        super().__init__(path, Path("nowhere"))
        self.__dict__ |= {
            "size_bytes": size_bytes,
            "sha256": f"sha256 {content}",
            "git_oid": f"git {content}",
        }


NAMES = st.sampled_from([f"{top}/{name}" for top in ("data", "meta", "images") for name in "abcd"])
CONTENTS = st.sampled_from(["x", "y"])


@given(
    here=st.dictionaries(NAMES, CONTENTS),
    there=st.dictionaries(NAMES, st.tuples(CONTENTS, st.booleans())),
)
def test_what_is_sent_and_removed_makes_both_equal(
    here: dict[str, str], there: dict[str, tuple[str, bool]]
) -> None:
    local = [Sized(path, 1, content) for path, content in here.items()]
    remote = {
        path: RemoteFile(1, f"{'sha256' if large else 'git'} {content}", large)
        for path, (content, large) in there.items()
    }
    difference = compared(local, remote)
    after = {path: content for path, (content, _) in there.items()}
    for file in difference.send:
        assert after.get(file.path) != here[file.path]
        after[file.path] = here[file.path]
    for path in difference.remove:
        del after[path]
    theirs = {path for path in there if path.startswith("images/")}
    assert {path for path in after if path not in theirs} | theirs == here.keys() | theirs
    assert all(after[path] == here[path] for path in here)


@given(
    sizes=st.lists(st.integers(0, BATCH_BYTES * 2), max_size=3 * BATCH_FILES),
    removed=st.integers(0, 3 * BATCH_FILES),
)
def test_commits_are_bounded_and_lose_nothing(sizes: list[int], removed: int) -> None:
    whole = Batch(
        tuple(Sized(f"data/{number}", size) for number, size in enumerate(sizes)),
        tuple(f"data/old-{number}" for number in range(removed)),
    )
    parts = list(batches(whole))
    assert tuple(file for part in parts for file in part.send) == whole.send
    assert tuple(path for part in parts for path in part.remove) == whole.remove
    for part in parts:
        assert 0 < len(part.send) + len(part.remove) <= BATCH_FILES
        assert part.size_bytes <= BATCH_BYTES or len(part.send) == 1


def test_hashes_are_those_of_git_and_of_sha256sum(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 9000)
    file = LocalFile("file", path)
    git = subprocess.run(
        ["git", "hash-object", "--no-filters", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert file.git_oid == git.stdout.strip()
    sums = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True)
    assert file.sha256 == sums.stdout.split()[0]


def test_episodes_go_before_what_refers_to_them(tmp_path: Path) -> None:
    for name in ("README.md", "meta/info.json", "data/a", "videos/b", "capture/c", ".lerecord/d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    paths = [file.path for file in files_of(tmp_path)]
    assert paths == ["data/a", "videos/b", "capture/c", "meta/info.json", "README.md"]
