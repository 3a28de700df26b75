"""What a change costs does not grow with what it does not change."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lerecord.dataset.write import DatasetWriter
from lerecord.progress import Advance
from tests.dataset.lists import Scripted, record, small_lab, stage
from tests.dataset.many import TAKE, multiply

IO = Path("/proc/self/io")


def cost(work: Callable[[], object]) -> dict[str, int]:
    """Bytes and calls that reading and writing take, those of every library included."""

    def counters() -> dict[str, int]:
        return {
            name: int(value)
            for name, value in (line.split(": ") for line in IO.read_text().splitlines())
        }

    before = counters()
    work()
    after = counters()
    return {
        "bytes": sum(after[name] - before[name] for name in ("rchar", "wchar")),
        "calls": sum(after[name] - before[name] for name in ("syscr", "syscw")),
    }


@pytest.mark.skipif(not IO.exists(), reason="the kernel counts no I/O of a process here")
def test_one_more_episode_costs_at_ten_thousand_what_it_costs_at_ten(tmp_path: Path) -> None:
    costs = []
    for count in (10, 10_000):
        root = record(tmp_path / str(count), [TAKE])
        multiply(root, count, files=False)
        lab = small_lab(root)
        with lab.open() as writer:
            for _ in range(2):  # the first one warms the libraries up
                staged = stage(lab, writer, TAKE)
                measured = cost(lambda w=writer, s=staged: w.commit(s))  # type: ignore[misc]
            assert writer.episodes == count + 2
        costs.append(measured)
    few, many = costs
    assert few["calls"] > 20
    assert many["bytes"] <= 1.3 * few["bytes"]
    assert many["calls"] <= 1.3 * few["calls"]


def test_a_rerecording_in_the_middle_shows_its_progress(tmp_path: Path) -> None:
    root = record(tmp_path / "set", [TAKE])
    multiply(root, 60)
    lab = small_lab(root)
    told: list[Advance] = []
    with lab.open() as writer:
        staged = stage(lab, writer, Scripted("a", 5, 2))
        writer.replace(30, staged, told.append)
    dones = [each.done for each in told]
    assert dones == sorted(dones)
    assert len(set(dones)) > 29 * 2  # the tables of every episode behind it
    assert told[-1].done == told[-1].total


def test_opening_reads_no_more_than_the_ends_of_the_files_of_lines(tmp_path: Path) -> None:
    if not IO.exists():
        pytest.skip("the kernel counts no I/O of a process here")
    root = record(tmp_path / "set", [TAKE])
    multiply(root, 10_000, files=False)
    opened = cost(lambda: DatasetWriter.open(root).close())
    assert opened["bytes"] < 3_000_000
    assert sum(path.stat().st_size for path in (root / "meta").iterdir()) > 10_000_000
