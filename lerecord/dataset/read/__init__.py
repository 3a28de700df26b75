"""Reading a dataset for training, without torch.

`dataset` is `lerecord.Dataset`; `samples`, `windows` and `policy_presets` decide what a sample is.
Decoding is `video.random_access`. Begin with `dataset`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
