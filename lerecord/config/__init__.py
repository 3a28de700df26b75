"""The hardware config: one validated model of a rig's TOML.

`schema` has the model and reads it. What a dataset keeps of it is `dataset.format.hardware`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
