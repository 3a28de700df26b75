"""Is a dataset right? `lerecord check`, and the quick look before one is used.

`dataset` checks what spans episodes, of which `stored_stats` is one part; `episode`, `frames` and
`video` what is within one; `findings` are what they say, `sound` asks for the quick check. Begin
with `dataset`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
