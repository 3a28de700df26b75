import pytest

from lerecord.cli.progress import Progress
from lerecord.progress import Advance


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def shown(progress: Progress, clock: Clock) -> None:
    with progress:
        tell = progress.told("merged")
        for done, seconds in ((1, 0.4), (2, 0.2), (3, 0.0)):
            tell(Advance(done, 9, "episodes"))
            clock.seconds += seconds


@pytest.mark.parametrize("attended", [True, False])
def test_a_bar_is_for_a_terminal_and_for_what_takes_long(
    attended: bool, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes any output for a terminal then
    monkeypatch.setenv("TERM", "xterm")
    clock = Clock()
    shown(Progress(attended, clock), clock)
    said = capfd.readouterr()
    assert said.out == ""
    assert ("merged 3 of 9 episodes" in said.err) is attended
    assert "merged 2 of 9" not in said.err


def test_stderr_that_is_no_terminal_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    shown(Progress(now=clock), clock)
    assert capfd.readouterr() == ("", "")
