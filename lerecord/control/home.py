"""The source that brings the followers back to where they were found."""

from lerecord.control.source import Action, Driver, Observation, Vector


class Home:
    """The followers go to where they were when this first drove."""

    name = "home"

    def __init__(self) -> None:
        self._home: Vector | None = None

    def enter(self, observation: Observation) -> None:
        """Remember where they are, the first time."""
        if self._home is None:
            self._home = observation.state

    def next(self, observation: Observation) -> Action | None:
        """There."""
        return None if self._home is None else Action(self._home, Driver.NOBODY)
