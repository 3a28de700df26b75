"""Which moments around a frame each policy is trained on, by its name."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lerecord.errors import ConfigError

OBSERVATIONS = "observation.*"


@dataclass(frozen=True, slots=True)
class _Preset:
    """Frames that a policy takes.

    Attributes:
        steps: observations, the present one the last.
        actions: how many.
        present: True when a single observation is a window of one; False when it is no window.
        from_oldest: True when the actions begin at the oldest observation, else at the present.
    """

    steps: int
    actions: int
    present: bool
    from_oldest: bool

    def observed(self) -> range:
        """The observations, as frames from the present one; none when they are no window."""
        return range(1 - self.steps, 1) if self.steps > 1 or self.present else range(0)

    def acted(self) -> range:
        """The actions, as frames from the present one."""
        start = 1 - self.steps if self.from_oldest else 0
        return range(start, start + self.actions)


_PRESETS = {
    "act": _Preset(steps=1, actions=100, present=False, from_oldest=False),
    # LeRobot 0.6.1 has a horizon of 64: give `n_actions=64`.
    "diffusion": _Preset(steps=2, actions=16, present=True, from_oldest=True),
    "smolvla": _Preset(steps=1, actions=50, present=True, from_oldest=False),
    "pi0": _Preset(steps=1, actions=50, present=False, from_oldest=False),
}
"""The defaults of LeRobot 0.3.3: `observation_delta_indices` and `action_delta_indices` in its
`policies/<name>/configuration_<name>.py`, so n_obs_steps and chunk_size (diffusion: horizon).
"""


def delta_timestamps_for(
    policy: str,
    fps: int,
    n_obs_steps: int | None = None,
    n_actions: int | None = None,
    features: Iterable[str] | None = None,
) -> dict[str, list[float]]:
    """The `delta_timestamps` that a policy is trained on.

    Args:
        policy: `act`, `diffusion`, `smolvla` or `pi0`.
        fps: of the dataset.
        n_obs_steps: observations with the present one; None takes the policy's own.
        n_actions: None takes the policy's own.
        features: of the dataset; then each observation is named, as LeRobot itself wants it. None
            says `observation.*`, which `lerecord.Dataset` understands.

    Returns:
        Feature to offsets in seconds, each a whole number of frames divided by fps.

    Raises:
        ConfigError: the policy is not known or a number is below 1.
    """
    preset = _preset(policy, n_obs_steps, n_actions)
    if fps < 1 or preset.steps < 1 or preset.actions < 1:
        raise ConfigError(
            f"fps {fps}, {preset.steps} observations and {preset.actions} actions: each must be 1 "
            f"or more."
        )
    keys = [OBSERVATIONS] if features is None else _observations(features)
    observed = [frame / fps for frame in preset.observed()]
    deltas = {key: list(observed) for key in keys} if observed else {}
    return deltas | {"action": [frame / fps for frame in preset.acted()]}


def _preset(policy: str, steps: int | None, actions: int | None) -> _Preset:
    """What a policy takes, with the numbers that are given in the place of its own."""
    if policy not in _PRESETS:
        raise ConfigError(f"The policy {policy!r} is unknown; known are {', '.join(_PRESETS)}.")
    preset = _PRESETS[policy]
    return replace(
        preset,
        steps=preset.steps if steps is None else steps,
        actions=preset.actions if actions is None else actions,
    )


def _observations(features: Iterable[str]) -> list[str]:
    start = OBSERVATIONS.removesuffix("*")
    return [key for key in features if key.startswith(start)]
