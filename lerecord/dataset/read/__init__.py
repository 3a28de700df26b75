"""Reading a dataset of any version, and for training, without torch.

`stored` is what every reader asks of a dataset on disk: v2.1 is `storage.Snapshot`, v3.0 is
`stored_v30`, of `meta_v30`, `stats_v30` and `files_v30`; `rows` has frames in memory. `dataset` is
`lerecord.Dataset`; `samples`, `windows` and `policy_presets` decide what a sample is. Decoding is
`video.random_access`. Begin with `stored`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
