"""A push that belongs to a recording session; `recording` runs it without knowing what it is."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from lerecord.errors import ConfigError, HubError
from lerecord.hub import choices
from lerecord.hub.endpoint import of_environment
from lerecord.hub.options import PushOptions
from lerecord.printable import print_line
from lerecord.processes import environment, lerecord, python

# In a process of its own: what it imports would weigh on the control loop's.
_HAS_TOKEN = "import huggingface_hub; print(huggingface_hub.get_token() is not None)"


def session_push(
    push: bool, repo_id: str | None, every: int | None, as_json: bool
) -> "SessionPush | None":
    """What `--push`, `--repo-id` and `--push-every` ask for; None for nothing.

    Raises:
        ConfigError: one of the others is given without `--push`.
    """
    if push:
        return SessionPush(PushOptions(repo_id), every, as_json)
    for option, value in (("--repo-id", repo_id), ("--push-every", every)):
        if value is not None:
            raise ConfigError(f"{option} only applies to a push; add --push, or omit it.")
    return None


@dataclass(frozen=True, slots=True)
class SessionPush:
    """A push at the end of a session, and behind it.

    Attributes:
        options: what and where to.
        every: episodes after which a push starts behind the session; None for none.
        as_json: keep stdout for the session's own outcome.
    """

    options: PushOptions
    every: int | None = None
    as_json: bool = False

    def check(self, root: Path) -> None:
        """Before anything is opened.

        Raises:
            LerecordError: it is not known where to push, nobody has logged in, or the Hub's client
                does not work.
        """
        endpoint = of_environment()
        choices.repository(root, self.options.repo_id, choices.asker(self.as_json))
        done = subprocess.run(
            python("-c", _HAS_TOKEN),
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stderr.splitlines() or ["no message"])[-1]
            raise HubError(
                f"huggingface_hub does not work here ({said}); install it again, or leave out "
                f"--push."
            )
        if done.stdout.split() != ["True"]:
            from lerecord.hub.failures import no_token

            raise HubError(no_token())
        if (warning := endpoint.warning(has_token=True)) is not None:
            print_line(f"lerecord: {warning}", sys.stderr)

    def behind(self, root: Path) -> tuple[str, ...]:
        """Name and arguments of the process that pushes when a line asks it to."""
        return "push", str(root), json.dumps(asdict(self.options))

    def finish(self, root: Path) -> int:
        """Push, in a process of its own: this one may have real-time priority; the exit status."""
        arguments = lerecord("push", str(root), *self.options.arguments())
        out = sys.stderr if self.as_json else None
        return subprocess.run(arguments, env=environment(), stdout=out, check=False).returncode
