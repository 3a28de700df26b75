"""Record robot demonstrations as LeRobot datasets, and read them for training."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lerecord.dataset.join import MultiDataset
    from lerecord.dataset.read import Dataset, delta_timestamps_for

__all__ = ["Dataset", "MultiDataset", "__version__", "delta_timestamps_for"]

_EXPORTS = {
    "Dataset": "lerecord.dataset.read.dataset",
    "MultiDataset": "lerecord.dataset.join.multi",
    "delta_timestamps_for": "lerecord.dataset.read.policy_presets",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: `import lerecord` stays light."""
    if name not in _EXPORTS:
        raise AttributeError(f"module 'lerecord' has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)
