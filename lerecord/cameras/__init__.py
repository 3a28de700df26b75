"""Camera drivers, each one file: `opencv`, `file`.

`protocols` is what a camera process asks of a driver. Choosing and encoding images happens in
`recording.recorder`. Begin with `protocols`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
