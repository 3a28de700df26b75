"""LeRobot's v3.0 format: export to it, import from it.

`files` is its layout, `source` reads it. Begin with `exporter`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
