"""How a dataset changes on disk: wholly or not at all, and by one process at a time.

`transaction` stages, marks and carries out a change, `pending_view` shows the state behind one
that is not finished, `lock` keeps others out, `inside` keeps every path in the dataset, `sync`
makes it durable. What the files mean is in `format`. Begin with `transaction`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
