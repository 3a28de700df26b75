"""Several datasets as one, and one as several: compared, merged, split, or read side by side.

`compatibility` says whether datasets fit. `merging` and `splitting` say which episodes a new
dataset gets, and `assembling` writes it: the files of each by `episode_writer`, what stands once by
`metadata_writer`. `multi` reads several together. Begin with
`compatibility`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
