import pytest

from lerecord.cli.finishing import Finishing


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_what_is_done_at_once_is_not_spoken_of(capfd: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    for attended in (True, False):
        with Finishing(attended, clock) as finishing:
            finishing.tell(1, 5)
            clock.seconds += 0.4
            finishing.tell(1, 1)
    assert capfd.readouterr() == ("", "")


def test_without_a_terminal_it_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Finishing(False, clock) as finishing:
        for _ in range(5):
            finishing.tell(2, 300)
            clock.seconds += 1.0
    said = capfd.readouterr().err
    assert said == "2 takes are being saved, 300 images to encode; nothing will be lost.\n"


def test_a_terminal_sees_how_many_images_are_left(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes any output for a terminal then
    monkeypatch.setenv("TERM", "xterm")
    clock = Clock()
    with Finishing(True, clock) as finishing:
        finishing.tell(1, 300)
        clock.seconds += 1.0
        finishing.tell(1, 200)
        finishing.tell(1, 50)
    assert "1 take is being saved, 50 images to encode" in capfd.readouterr().err
