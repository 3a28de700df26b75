"""Serial ports that the simulator answers on: pseudo-terminals, or lock-step in memory."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
