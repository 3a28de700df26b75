from lerecord.dataset.format import Reason, Verdict
from lerecord.fleet.labels import gate_of, outcome_of


def test_an_episode_is_asked_by_what_was_said_of_it() -> None:
    redo = Reason("frozen", Verdict.REDO, "The camera stood still.").to_data()
    assert gate_of({"health": {"review": [redo]}}) == "redo"
    assert gate_of({"health": {"review": []}}) == "keep"
    assert gate_of({"health": {}}) == gate_of({}) == ""
    assert outcome_of({"label": {"success": False}}) == "failure"
    assert outcome_of({}) == "unlabelled"
