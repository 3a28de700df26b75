"""`lerecord split`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lerecord.cli.group import refuse
from lerecord.cli.options import AsJson, Dataset
from lerecord.cli.output import Output

if TYPE_CHECKING:
    from lerecord.dataset.join import Rule

EPILOG = """\b
Examples:
  lerecord split datasets/box train test --fraction 0.9
  lerecord split datasets/box first rest --episodes 0-9
  lerecord split datasets/box best --episodes "3 7 12-20"
  lerecord split datasets/box grab push --by-task
"""


def split(
    dataset: Dataset,
    outs: Annotated[
        list[Path], typer.Argument(metavar="OUT...", help="Output folders; must not exist.")
    ],
    episodes: Annotated[
        list[str] | None,
        typer.Option(metavar="EPISODES", help='Episodes of the next OUT: 0-9, or "3 7 last".'),
    ] = None,
    fraction: Annotated[
        list[float] | None,
        typer.Option(min=0.0, max=1.0, metavar="X", help="Share of the next OUT, drawn at random."),
    ] = None,
    task: Annotated[
        bool, typer.Option("--by-task", help="One OUT per task, in the order that `info` shows.")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the draw; the same one draws the same.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Split a dataset into new ones; the original is not changed.

    --episodes and --fraction are given once per OUT; if the last OUT has none, it gets the
    episodes that are left.
    """
    from lerecord.cli.join_report import split as run

    rule = _rule(dataset, len(outs), (episodes or [], fraction or [], task), seed)
    with Output(as_json) as output:
        run(dataset, outs, rule, output)


def _rule(
    dataset: Path, outs: int, given: tuple[list[str], list[float], bool], seed: int
) -> "Rule":
    from lerecord.cli.episodes import indices
    from lerecord.dataset.join import ByEpisodes, ByFraction, by_task

    episodes, fractions, per_task = given
    if sum(map(bool, given)) != 1:
        refuse("Give one of --episodes, --fraction and --by-task.")
    if seed and not fractions:
        refuse("--seed is for --fraction, which draws at random.")
    if per_task:
        return by_task
    option, count = ("--episodes", len(episodes)) if episodes else ("--fraction", len(fractions))
    if outs not in (count, count + 1):
        refuse(
            f"{option} is given {count} times for {outs} output folders; give it once for each, "
            f"or for each but the last."
        )
    if fractions:
        return ByFraction(fractions, seed)
    return ByEpisodes([indices(each.replace(",", " ").split(), dataset) for each in episodes])
