"""Several datasets as one: compared, merged, or read side by side.

`compatibility` says whether they fit, `merging` writes one new dataset, `multi` reads them
together. Begin with `compatibility`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
