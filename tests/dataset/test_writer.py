import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab


def test_first_episode(lab: "Lab") -> None:
    with lab.open() as w:
        print(lab.record(w))
        print(lab.record(w, "Other"))
    for p in sorted(lab.root.rglob("*")):
        print(p.relative_to(lab.root), p.stat().st_size)
    print((lab.root/"meta/info.json").read_text())
    print((lab.root/"meta/tasks.jsonl").read_text())
    print((lab.root/"meta/episodes.jsonl").read_text())
    print((lab.root/"capture/health.jsonl").read_text())
    print((lab.root/"meta/episodes_stats.jsonl").read_text()[:1500])
    assert json
