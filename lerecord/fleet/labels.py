"""What is known of an episode beside its frames, in the words that a fleet is asked by."""

from lerecord.dataset.format import Annotations, label_of


def outcome_of(annotations: Annotations) -> str:
    """`success`, `failure` or `unlabelled`; raises DatasetError when it is of another form."""
    return label_of(annotations).choice


def gate_of(annotations: Annotations) -> str:
    """What the quality gate said of the take, such as `keep` or `redo`; empty without one."""
    verdict = annotations.get("health", {}).get("verdict")
    return verdict if isinstance(verdict, str) else ""
