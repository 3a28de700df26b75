"""What is known of an episode beside its frames, in the words that a fleet is asked by."""

from lerecord.dataset.format import Annotations, label_of, review_of, verdict_of


def outcome_of(annotations: Annotations) -> str:
    """`success`, `failure` or `unlabelled`; raises DatasetError when it is of another form."""
    return label_of(annotations).choice


def gate_of(annotations: Annotations) -> str:
    """`keep`, `look` or `redo`; empty where no gate looked; raises as `outcome_of`."""
    review = review_of(annotations.get("health", {}))
    return "" if review is None else verdict_of(review).value
