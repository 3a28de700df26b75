"""The push: compare, send what differs, compare again, and only then move the tag.

Readers resolve the tag, so what they see is whole, whatever becomes of a push. Each step may be
done again: an upload that was cut off, a commit whose answer was lost, a tag that was removed and
not yet set. So a push that was killed is resumed by pushing again.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lerecord.counted import counted
from lerecord.errors import HubError
from lerecord.hub.card import MARK
from lerecord.hub.content import Batch, LocalFile, RemoteFile, batches, compared
from lerecord.hub.failures import MissingError, OvertakenError
from lerecord.hub.frozen import CARD
from lerecord.hub.patience import Patience
from lerecord.hub.remote import Remote, Staged

_ROUNDS = 5
_PAUSE_S = 1.0
_UPLOAD_FILES = 20  # after which progress is told


@dataclass(frozen=True, slots=True)
class Sent:
    """How far a push is, or what it has done.

    Attributes:
        files: that are sent; those that the Hub had already included.
        size_bytes: their size.
        of_files: how many there are to be sent.
        of_bytes: their size.
    """

    files: int = 0
    size_bytes: int = 0
    of_files: int = 0
    of_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came of a push.

    Attributes:
        commit: which the tag names.
        sent: files that differed.
        sent_bytes: their size.
        removed: files that were too many.
        moved: the tag did not name that commit before.
    """

    commit: str
    sent: int
    sent_bytes: int
    removed: int
    moved: bool


def silent(sent: Sent) -> None:
    """The progress of everyone but people."""


@dataclass(frozen=True, slots=True)
class Pushing:
    """How a dataset is pushed.

    Attributes:
        tag: what readers resolve.
        private: whether only its owners may see the repository; None for a new one to be private,
            and for one that is there to stay as it is.
        progress: told what is sent.
        sleep: lets seconds pass.
    """

    tag: str
    private: bool | None = None
    progress: Callable[[Sent], None] = silent
    sleep: Callable[[float], None] = time.sleep


class Push:
    """One push of files that hold still.

    Args:
        remote: the repository; it is made when it is not there.
        files: what is to be in our folders there, in the order in which they are sent.
        how: see there.
    """

    def __init__(self, remote: Remote, files: Sequence[LocalFile], how: Pushing) -> None:
        self._remote = remote
        self._files = files
        self._how = how
        self._patience = Patience(how.sleep)
        self._sent: dict[str, int] = {}
        self._removed: set[str] = set()

    def run(self) -> Pushed:
        """Push.

        Raises:
            HubError: it cannot be done, or not now; the tag is where it was, and nothing that was
                sent is lost.
        """
        self._patience.do(self._ensure)
        commit = self._patience.do(self._make_equal)
        moved = self._patience.do(lambda: self._remote.move_tag(self._how.tag, commit))
        return Pushed(
            commit=commit,
            sent=len(self._sent),
            sent_bytes=sum(self._sent.values()),
            removed=len(self._removed),
            moved=moved,
        )

    def _ensure(self) -> None:
        private = self._how.private
        try:
            head = self._remote.head()
        except MissingError:
            self._remote.create(private is not False)
            head = self._remote.head()
        if private is not None and head.private != private:
            raise HubError(
                f"{self._remote.repo} is {'private' if head.private else 'public'} on the Hub and "
                f"was to be {'private' if private else 'public'}; change that in its settings at "
                f"{self._remote.url}/settings, or push without the option."
            )

    def _make_equal(self) -> str:
        """The commit in which every file is as it is here."""
        overtaken: OvertakenError | None = None
        for _ in range(_ROUNDS):
            commit = self._remote.head().commit
            remote = self._remote.files(commit)
            difference = compared(self._wanted(remote, commit), remote)
            if not difference.send and not difference.remove:
                return commit
            overtaken = None
            try:
                self._send(difference, commit)
            except OvertakenError as failure:
                overtaken = failure
                self._how.sleep(_PAUSE_S)
        if overtaken is not None:
            raise HubError(str(overtaken)) from overtaken
        first = next(iter([*(each.path for each in difference.send), *difference.remove]))
        raise HubError(
            f"{self._remote.repo} does not become equal to what is here ({first} differs still); "
            f"see whether others change it, or a .gitignore in it holds files back."
        )

    def _wanted(self, remote: dict[str, RemoteFile], commit: str) -> Sequence[LocalFile]:
        """What is sent: all, but for our card where somebody has written another on the Hub."""
        for file in self._files:
            if file.path == CARD and CARD in remote and not remote[CARD].equals(file):
                ours = MARK in file.source.read_bytes()
                if ours and MARK not in self._remote.read(CARD, commit, remote[CARD]):
                    return [each for each in self._files if each.path != CARD]
        return self._files

    def _send(self, difference: Batch, parent: str) -> None:
        sent = Sent(0, 0, len(difference.send), difference.size_bytes)
        self._how.progress(sent)
        parts = list(batches(difference))
        for number, batch in enumerate(parts, 1):
            staged = Staged(batch)
            for start in range(0, len(batch.send), _UPLOAD_FILES):
                files = batch.send[start : start + _UPLOAD_FILES]
                self._remote.upload(staged, files)
                size_bytes = sum(file.size_bytes for file in files)
                sent = Sent(
                    sent.files + len(files), sent.size_bytes + size_bytes, *_totals(difference)
                )
                self._how.progress(sent)
            part = f" ({number} of {len(parts)})" if len(parts) > 1 else ""
            # Counted before the answer, which may be lost when the commit is made.
            self._sent |= {file.path: file.size_bytes for file in batch.send}
            self._removed.update(batch.remove)
            parent = self._remote.commit(staged, parent, f"{_said(difference)}{part}")
            self._patience.renew()  # what fails next is a new failure


def _totals(whole: Batch) -> tuple[int, int]:
    return len(whole.send), whole.size_bytes


def _said(whole: Batch) -> str:
    removed = f", remove {len(whole.remove)}" if whole.remove else ""
    return f"Upload {counted(len(whole.send), 'file')}{removed} with lerecord"
