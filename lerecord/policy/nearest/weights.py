"""How much of each neighbour is in a query: the weights that rebuild it from them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lerecord.policy.policy import Vector


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Neighbours and how much of each.

    Attributes:
        neighbours: (K,) numbers of the examples.
        weights: (K,), sum 1; some may be below 0.
        misfit: how far the mix is from the query.
    """

    neighbours: NDArray[np.int64]
    weights: NDArray[np.float64]
    misfit: float


def locally_linear(query: Vector, examples: Vector, count: int, ridge: float) -> Mix:
    """The mix of the nearest of (E, C) examples that comes nearest to the query (C,).

    Args:
        query: what is to be rebuilt.
        examples: of what.
        count: of neighbours.
        ridge: how much even weights are preferred, as a share of what the neighbours differ by.
    """
    differences = (examples - query).astype(np.float64)
    distances = np.einsum("ec,ec->e", differences, differences)
    near = np.argsort(distances, kind="stable")[:count]
    gram = differences[near] @ differences[near].T
    gram += np.eye(len(near)) * (ridge * max(float(np.trace(gram)), 1e-12) / len(near))
    weights = np.asarray(np.linalg.solve(gram, np.ones(len(near))), np.float64)
    weights /= weights.sum()
    return Mix(near, weights, float(weights @ gram @ weights))
