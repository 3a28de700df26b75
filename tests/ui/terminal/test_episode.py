"""An episode in a terminal: its facts in words, and curves where the terminal has room."""

from dataclasses import replace
from io import StringIO
from itertools import pairwise

import numpy as np
from rich.console import Console

from lerecord.dataset.format import Verdict
from lerecord.dataset.overview import EpisodeOverview
from lerecord.ui.episodes import CameraFacts, EpisodeFacts, Run, Vectors
from lerecord.ui.terminal import Space, episode_view

RAMP = np.linspace(-10.0, 30.0, 60)
STRANGE = "Grab \x1b[2J[red]the box"


def facts(joints: int = 6) -> EpisodeFacts:
    names = tuple(f"joint_{number}.pos" for number in range(joints))
    ages = np.full(60, 0.012)
    ages[[7, 30]] = 0.240, np.nan
    return EpisodeFacts(
        EpisodeOverview(
            3, 2.0, (STRANGE,), "look: idle", Verdict.LOOK, ("It rests at first.",), False, "slow"
        ),
        frames=60,
        fps=30,
        remarks=("It rests at first.",),
        joints=names,
        lines=(
            Vectors("state", names, np.array([RAMP] * joints)),
            Vectors("action", names, np.array([RAMP + 5] * joints)),
        ),
        others=(Vectors("effort", ("0",), np.full((1, 60), np.nan)),),
        cameras=(CameraFacts("front", (640, 480), "av1", 0.0, False, ages, (7, 8, 9, 10), (30,)),),
        missed=(11,),
        drivers=(Run(0, 45, "policy"), Run(45, 60, "correction")),
        notice="",
    )


def shown(space: Space, told: EpisodeFacts) -> list[str]:
    console = Console(width=space.columns, file=StringIO(), markup=False)
    with console.capture() as lines:
        for part in episode_view(told, space):
            console.print(part)
    return lines.get().splitlines()


def test_the_facts_are_told_in_words() -> None:
    lines = [line.rstrip() for line in shown(Space(90, 24, draws=False), facts())]
    assert lines == [
        "Episode 3  Grab \\x1b[2J[red]the box",
        "2.0 s, 60 frames at 30 a second  ✗ failure  ▲ look",
        "note: slow",
        "▲ It rests at first.",
        "front  640x480 av1; 12 to 240 ms old, 4 repeated (at 7, 8, 9, ...), 1 damaged (at 30)",
        "driven by policy 75 %, correction 25 %; missed 1 (at 11)",
        *(
            "  ".join(f"joint_{each}.pos                        -10 to 35" for each in pair)
            for pair in ((0, 1), (2, 3), (4, 5))
        ),
        "effort                              no value",
    ]


def test_it_fits_the_terminal_as_wide_and_as_high_as_that_is() -> None:
    for space in (Space(80, 24), Space(200, 50)):
        lines = shown(space, replace(facts(), others=()))
        assert max(map(len, lines)) <= space.columns
        assert len(lines) <= space.lines - 2


def test_many_joints_keep_their_curves_and_the_terminal_scrolls() -> None:
    lines = shown(Space(80, 24), facts(joints=14))
    titles = [place for place, line in enumerate(lines) if line.startswith("joint_")]
    assert {after - before for before, after in pairwise(titles)} == {3}


def test_the_state_is_drawn_through_and_the_action_dashed_above_it() -> None:
    one = replace(facts(joints=1), remarks=(), others=(), cameras=(), drivers=None)
    legend, title, *curve = shown(Space(60, 12), one)[3:]
    assert legend.split() == ["⠤⠤⠤", "state", "⠤", "⠤", "action"]
    assert title.split() == ["joint_0.pos", "-10", "to", "35"]
    assert len(curve) == 5
    first, last = curve[0], curve[-1]
    assert (first[0], first[-1] != "⠀") == ("⠀", True)
    assert (last[0] != "⠀", last[-1]) == (True, "⠀")


def test_without_a_sidecar_it_says_so_and_shows_no_ages() -> None:
    told = replace(
        facts(),
        cameras=(CameraFacts("front", (640, 480), None, 0.0, True),),
        drivers=None,
        notice="Image ages are not known.",
    )
    lines = shown(Space(80, 24), told)
    assert "Image ages are not known." in lines
    assert "front  640x480 codec not stated" in lines
    assert not [line for line in lines if "driven by" in line or "▁" in line]
