"""What is said in a session of the takes that it saved."""

from lerecord.recording.session.roles import Listener, Takes

_SAID = {True: "success", False: "failure"}


class Judging:
    """Passes it on to whoever keeps the takes, and to the operator."""

    def __init__(self, takes: Takes, listener: Listener) -> None:
        self._takes = takes
        self._listener = listener
        self.judged: dict[int, bool] = {}
        """Of episodes saved in this session, whether they succeeded, where that was said."""

    def say(self, episode: int, success: bool) -> None:
        """Say it of the take that was saved last, and became this episode."""
        self.judged[episode] = success
        self._takes.judge(success)
        self._listener.notice(f"Episode {episode} is labelled a {_SAID[success]}.")

    def assume(self, episode: int | None, success: bool) -> None:
        """The same, unless it was not saved or somebody has said something already."""
        if episode is not None and episode not in self.judged:
            self.say(episode, success)

    def forget(self, episode: int) -> None:
        """Another take has its place."""
        self.judged.pop(episode, None)
