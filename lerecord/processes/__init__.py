"""Child processes: started alike, spoken to without ever waiting.

`starting` is how a child is started and how it ends, `child` the pipe between both. What children
do is in the packages that they belong to. Begin with `child`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
