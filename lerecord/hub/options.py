"""What the command line was given about a push; light, for the control process holds it too."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PushOptions:
    """What is pushed, and where to.

    Attributes:
        repo_id: "user/name"; None for the repository that the dataset was pushed to last.
        private: whether only its owners may see the repository; None for a new one to be
            private, and for one that is there to stay as it is.
        version: of LeRobot's format.
        tag: that readers resolve; None for the version.
        license: identifier for the card; empty for none, None for the one that was chosen before.
    """

    repo_id: str | None = None
    private: bool | None = None
    version: str = "v2.1"
    tag: str | None = None
    license: str | None = None

    def arguments(self) -> Iterator[str]:
        """As the arguments of `lerecord push`."""
        if self.repo_id is not None:
            yield from ("--repo-id", self.repo_id)
        if self.private is not None:
            yield "--private" if self.private else "--public"
        yield from ("--format", self.version)
        if self.tag is not None:
            yield from ("--tag", self.tag)
        if self.license is not None:
            yield from ("--license", self.license)
