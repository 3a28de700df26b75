"""Checks of the columns that follow from a label: what trainers take for success and reward."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import SUCCESS, Label, has_labels, label_columns
from lerecord.dataset.verify.findings import Place


def check_label_columns(
    columns: Mapping[str, NDArray[Any]], label: Label, ours: bool, place: Place
) -> None:
    """Check the columns of an episode; most datasets have none.

    Args:
        columns: by feature, (N,) or (N, 1) each.
        label: what is said of the episode.
        ours: lerecord wrote them. Another recorder's have a meaning of their own, which a label
            that was said later may contradict.
        place: of the episode.
    """
    if not has_labels(columns):
        return
    if not ours:
        succeeds = bool(columns[SUCCESS].any())
        if label.success not in (None, succeeds):
            place.remark(
                f"{SUCCESS}, which another recorder wrote, says {'' if succeeds else 'no '}success "
                f"and the label {label.choice}."
            )
        return
    for name, due in label_columns(len(columns[SUCCESS]), label).items():
        found = columns[name].reshape(-1)
        if len(wrong := np.flatnonzero(found != due)):
            first = wrong[0]
            place.wrong_rows(
                wrong,
                f"{name} is {found[first]} instead of {due[first]}, which follows from the label "
                f"({label.choice}).",
            )
