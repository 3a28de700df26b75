"""Files that get their names once they are whole: nobody sees one that is half written."""

from collections.abc import Mapping
from pathlib import Path

from lerecord.dataset.storage import fingerprint_of, link_or_copy
from lerecord.fleet.steps import about_to


class OwnNames:
    """Files are written under names that no other process uses, and get their own at the end.

    Args:
        draft: the folder of the new dataset.
        room: for the names.
    """

    def __init__(self, draft: Path, room: Path) -> None:
        self._draft = draft
        self._room = room
        self._files: dict[str, Path] = {}

    def place(self, target: str) -> Path:
        """Where to write the file that will be at `target`."""
        about_to("write a file")
        path = self._room / target.rpartition("/")[2]
        path = path.with_stem(f"{path.stem}-{len(self._files)}")
        self._files[target] = path
        return path

    def take(self, source: Path, target: str) -> None:
        """The file at `target` is that at `source`."""
        link_or_copy(source, self.place(target))

    def settle(self) -> Mapping[str, str]:
        """Give each file its name; the fingerprint of each."""
        prints = {target: fingerprint_of(path) for target, path in self._files.items()}
        for target, path in self._files.items():
            about_to("settle a file")
            final = self._draft / target
            final.parent.mkdir(parents=True, exist_ok=True)
            path.replace(final)
            path.unlink(missing_ok=True)  # where both were second names of one file
        return prints
