"""The hardware config: one validated model of a rig's TOML.

`schema` has the model, `load` finds and reads the files, `write` changes them and keeps their
comments. What a dataset keeps of it is `dataset.format.hardware`. Begin with `schema`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
