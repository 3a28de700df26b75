from importlib.metadata import EntryPoint, EntryPoints

import pytest

from lerecord import drivers
from lerecord.errors import ConfigError


def test_drivers_are_the_modules_that_are_not_shared() -> None:
    assert drivers.names("arms") == ["koch", "lerobot", "so101"]
    assert drivers.names("cameras") == ["file", "opencv"]


def test_an_arm_driver_has_both_sides() -> None:
    module = drivers.load("arms", "koch")
    assert isinstance(module.Leader, type)
    assert isinstance(module.Follower, type)


@pytest.mark.parametrize("name", ["kooch", "units", "arm", "../koch", ""])
def test_an_unknown_driver_lists_the_known_ones(name: str) -> None:
    with pytest.raises(ConfigError, match=r"for arms; known are koch"):
        drivers.load("arms", name)


def test_another_package_adds_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints([EntryPoint("theirs", "json", "lerecord.cameras")])
    monkeypatch.setattr(drivers, "entry_points", lambda group: points.select(group=group))
    assert drivers.load("cameras", "theirs").__name__ == "json"
    assert drivers.names("cameras") == ["file", "opencv", "theirs"]
