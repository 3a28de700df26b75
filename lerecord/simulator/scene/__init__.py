"""The small world: table, box, demonstrator, and how it looks. Begin with `world`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
