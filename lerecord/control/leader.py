"""The source that is a person at the leader arms."""

from lerecord.control.source import Action, Driver, Observation


class Leader:
    """The followers go where the leaders are.

    Args:
        driver: as which their frames are kept.
    """

    name = "leader"

    def __init__(self, driver: Driver = Driver.LEADER) -> None:
        self._driver = driver

    def enter(self, observation: Observation) -> None:
        """Nothing to prepare: the leaders are where they are."""

    def next(self, observation: Observation) -> Action | None:
        """The leaders' pose; a leader that is not heard moves nothing."""
        return Action(observation.leader, self._driver, leader_action=observation.leader)
