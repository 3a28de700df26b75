from lerecord.cli.outcome import Outcome


def test_takes_that_were_kept_are_named_with_the_command_that_brings_them_back() -> None:
    outcome = Outcome("my data/box", (), ("first",), 0, (), ("second",))
    assert list(outcome.lines()) == [
        "Not saved, but kept: first, second. `lerecord recover 'my data/box'` turns them into "
        "episodes.",
        "No episode was saved.",
    ]
    one = Outcome("box", (), (), 0, (), ("only",))
    assert next(one.lines()) == (
        "Not saved, but kept: only. `lerecord recover box` turns it into an episode."
    )
