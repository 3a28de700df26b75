"""The source that is a person at the leader arms."""

from lerecord.control.source import Action, Driver, Observation


class Leader:
    """The followers go where the leaders are."""

    name = "leader"

    def enter(self, observation: Observation) -> None:
        """Nothing to prepare: the leaders are where they are."""

    def next(self, observation: Observation) -> Action | None:
        """The leaders' pose; a leader that is not heard moves nothing."""
        return Action(observation.leader, Driver.LEADER, leader_action=observation.leader)
