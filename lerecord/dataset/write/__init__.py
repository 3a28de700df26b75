"""Committing takes as episodes, in their order, and recovering takes that were left.

`writer` owns an open dataset, `append` is the change that a commit is. Replacing an episode goes
through `edit.rebuild`. Begin with `writer`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
