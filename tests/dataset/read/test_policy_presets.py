import pytest

from lerecord.dataset.read import delta_timestamps_for
from lerecord.errors import ConfigError

FEATURES = ["action", "observation.state", "observation.images.front", "timestamp"]


def rows(policy: str, **given: int) -> dict[str, list[int]]:
    deltas = delta_timestamps_for(policy, 30, features=FEATURES, **given)
    return {key: [round(each * 30) for each in seconds] for key, seconds in deltas.items()}


def seen(steps: list[int], actions: range) -> dict[str, list[int]]:
    return {
        "observation.state": steps,
        "observation.images.front": steps,
        "action": list(actions),
    }


def test_each_policy_takes_the_rows_of_its_paper_code() -> None:
    assert rows("act") == {"action": list(range(100))}
    assert rows("pi0") == {"action": list(range(50))}
    assert rows("smolvla") == seen([0], range(50))
    assert rows("diffusion") == seen([-1, 0], range(-1, 15))


def test_more_observations_go_back_in_time() -> None:
    assert rows("act", n_obs_steps=3) == seen([-2, -1, 0], range(100))
    assert rows("pi0", n_obs_steps=2, n_actions=4) == seen([-1, 0], range(4))
    assert rows("smolvla", n_obs_steps=3) == seen([-2, -1, 0], range(50))
    assert rows("diffusion", n_obs_steps=8, n_actions=64) == seen(list(range(-7, 1)), range(-7, 57))


def test_offsets_are_rows_divided_by_fps() -> None:
    assert delta_timestamps_for("smolvla", 50)["action"] == [row / 50 for row in range(50)]


def test_without_features_a_star_stands_for_the_observations() -> None:
    assert delta_timestamps_for("diffusion", 10)["observation.*"] == [-0.1, 0.0]
    assert list(delta_timestamps_for("act", 10)) == ["action"]


def test_an_unknown_policy_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="known are act, diffusion, smolvla, pi0"):
        delta_timestamps_for("smol", 30)


@pytest.mark.parametrize("given", [(30, 0, 5), (30, 1, 0), (0, 1, 5)])
def test_numbers_below_one_are_refused(given: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="each must be 1 or more"):
        delta_timestamps_for("act", *given)
