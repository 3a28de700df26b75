"""Where a merge works: a hidden folder beside the new dataset, which any process can go on with."""

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from lerecord.dataset.format import Info, read_parquet
from lerecord.errors import ConfigError, DatasetError
from lerecord.fleet.books import Books, write_lines
from lerecord.fleet.journal import Journal
from lerecord.fleet.plan import Plan, form_of
from lerecord.fleet.sides import SIDES
from lerecord.fleet.sources import Root
from lerecord.fleet.store import is_remote
from lerecord.fleet.wish import Wish

V21, V30 = "v2.1", "v3.0"
_REQUEST, _PLAN, _TABLE, _LEFT = "request.json", "plan.json", "plan.parquet", "left.jsonl"
_MISSING = "missing.json"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be made.

    Attributes:
        out: the new dataset's folder.
        roots: where its datasets are.
        wish: which of their episodes are wanted.
        version: of the format, V21 or V30.
        allow_hardware: join rigs whose servo ids or camera rotation differ.
        to: an address that the new dataset is sent to, such as `s3://bucket/tonight`; empty for
            none.

    Raises:
        ConfigError: the version is none that can be written, or nothing is sent to such an address.
    """

    out: Path
    roots: Sequence[Root]
    wish: Wish = field(default_factory=Wish)
    version: str = V21
    allow_hardware: bool = False
    to: str = ""

    def __post_init__(self) -> None:
        if self.version not in (V21, V30):
            raise ConfigError(
                f"The format {self.version!r} cannot be written; {V21} and {V30} can."
            )
        if self.to.startswith("hf://"):
            raise ConfigError(
                "A merge is not made on the Hub; make it in a folder, and upload that by "
                "`lerecord push`."
            )

    @property
    def made(self) -> Collection[Path]:
        """The folders that are made: of two sides, also the other one."""
        out = self.out.absolute()
        return {out.with_name(side) for side in SIDES} if self.wish.side else {out}

    def of_side(self, side: str) -> "Request":
        """One of the two datasets, where the wish divides the episodes."""
        to = f"{self.to.rstrip('/')}/{side}" if self.to else ""
        return replace(self, out=self.out / side, wish=replace(self.wish, side=side), to=to)

    def to_data(self) -> dict[str, Any]:
        """As JSON knows it."""
        roots = [
            str(each) if is_remote(str(each)) else str(Path(each).absolute()) for each in self.roots
        ]
        return {**asdict(self), "out": str(self.out.absolute()), "roots": roots}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Request":
        """The inverse."""
        return cls(
            Path(data["out"]),
            data["roots"],
            Wish.from_data(data["wish"]),
            data["version"],
            data["allow_hardware"],
            data["to"],
        )


@dataclass(frozen=True, slots=True)
class LeftEpisode:
    """An episode that cannot be taken.

    Attributes:
        root: its dataset's folder.
        digest: of the dataset's metadata then; once it has changed, the episode is tried again.
        episode: its number.
        reason: a sentence.
    """

    root: str
    digest: str
    episode: int
    reason: str


class MergeFolder:
    """The folder and its files.

    Args:
        request: what is made.
    """

    def __init__(self, request: Request) -> None:
        self._out = request.out.absolute()
        self._keeps_plan = bool(request.wish.side)
        self.path = self._out.with_name(f".{self._out.name}.fleet")
        self.whole = self.path / "whole"
        """Of a merge to v3.0: the dataset of v2.1 that it is made of."""
        self.exports = self.path / "v3.0"
        """Of a merge to v3.0: where that is done."""

    def target(self, request: Request) -> Path:
        """Where the dataset of v2.1 is made."""
        return request.out.absolute() if request.version == V21 else self.whole

    def job(self, request: Request, plan: Plan, info: Info) -> "Job":
        """What workers have to know; nothing is written."""
        return Job(self.path, plan, info, self._draft(request))

    def prepare(self, request: Request, plan: Plan, info: Info, state: Path) -> "Job":
        """Write what workers have to know, and forget what was done for another plan."""
        self.path.mkdir(0o700, parents=True, exist_ok=True)
        write_lines(self.path / _REQUEST, [{**request.to_data(), "state": str(state)}])
        draft = self.path / ".plan"
        pq.write_table(plan.table, draft)
        draft.replace(self.path / _TABLE)
        told = {**plan.header(), "info": info.to_data(), "draft": str(self._draft(request))}
        write_lines(self.path / _PLAN, [told])
        job = self.job(request, plan, info)
        Books(self.path).clear()
        (self.path / _MISSING).unlink(missing_ok=True)
        for number in range(plan.batches, self._batches()):
            job.journal_at(number, "").drop()
        return job

    def _draft(self, request: Request) -> Path:
        target = self.target(request)
        return target.with_name(f".{target.name}.partial")

    def _batches(self) -> int:
        names = [int(each.stem) for each in (self.path / "journals").glob("*.jsonl")]
        return max(names, default=-1) + 1

    def left(self) -> list[LeftEpisode]:
        """The episodes that could not be taken so far."""
        try:
            lines = (self.path / _LEFT).read_bytes().splitlines()
            return [LeftEpisode(**json.loads(line)) for line in lines]
        except (FileNotFoundError, ValueError, TypeError):
            return []

    def keep_left(self, left: Sequence[LeftEpisode]) -> None:
        """Remember them."""
        write_lines(self.path / _LEFT, [asdict(each) for each in left])

    def clear(self) -> None:
        """Leave nothing behind, for the work is done; of two sides, each keeps its plan."""
        if self._keeps_plan:
            with suppress(FileNotFoundError):
                (self.path / _TABLE).replace(self._out.with_name(f"{self._out.name}.parquet"))
        shutil.rmtree(self.path, ignore_errors=True)


@dataclass(frozen=True)
class Job:
    """What workers have to know.

    Attributes:
        folder: where they work.
        plan: what becomes what.
        info: the new dataset's info.json.
        draft: the folder that it is made in.
    """

    folder: Path
    plan: Plan
    info: Info
    draft: Path

    def journal(self, batch: int) -> Journal:
        """Of a batch of the plan."""
        return self.journal_at(batch, self.journal_digest(batch))

    def journal_digest(self, batch: int) -> str:
        """What tells the files of a batch from any others."""
        return self.plan.digest(batch, self._form)

    def journal_at(self, batch: int, digest: str) -> Journal:
        """Of a batch of that digest."""
        return Journal(self.folder / "journals" / f"{batch:07d}.jsonl", digest)

    def room(self, batch: int) -> Path:
        """Where a batch's files have names of their own; on the disk that they will be on."""
        return self.folder / "new" / f"{batch:07d}"

    def give_missing(self) -> int:
        """Have workers do only the batches that are not done; how many these are."""
        batches = range(self.plan.batches)
        missing = [each for each in batches if self.journal(each).entries() is None]
        write_lines(self.folder / _MISSING, [{"batches": missing}])
        books = Books(self.folder)
        for each in set(batches).difference(missing):
            books.mark_done(each)
        return len(missing)

    def to_do(self) -> Sequence[int]:
        """The batches for workers: all, or those that `give_missing` found."""
        try:
            found: list[int] = json.loads((self.folder / _MISSING).read_bytes())["batches"]
        except FileNotFoundError:
            return range(self.plan.batches)
        return found

    def failures(self) -> Iterator[LeftEpisode]:
        """The episodes that could not be taken."""
        digests = {str(root): digest for root, digest in self.plan.sources}
        for number in range(self.plan.batches):
            entries = self.journal(number).entries()
            if entries is None:
                raise DatasetError(f"Batch {number} was not done; run the same command again.")
            for planned, entry in zip(self.plan.batch(number).episodes, entries, strict=True):
                if reason := entry.get("reason"):
                    root = str(planned.root)
                    yield LeftEpisode(root, digests[root], planned.episode, reason)

    @cached_property
    def _form(self) -> str:
        return form_of(self.info.features_data(), self.plan.tasks)


def request_in(folder: Path) -> tuple[Request, Path]:
    """What is made in a folder, and the folder of the state."""
    data = json.loads((folder / _REQUEST).read_bytes())
    return Request.from_data(data), Path(data["state"])


@lru_cache(maxsize=1)
def job_in(folder: Path, version: int) -> Job:
    """What `prepare` wrote; `version` tells the plan of one time from that of another."""
    told = json.loads((folder / _PLAN).read_bytes())
    info = Info.from_bytes(json.dumps(told["info"]).encode())
    plan = Plan.of(told, read_parquet(folder / _TABLE))
    return Job(folder, plan, info, Path(told["draft"]))


def version_in(folder: Path) -> int:
    """Changes with every plan."""
    return (folder / _PLAN).stat().st_mtime_ns
