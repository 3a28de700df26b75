"""Simulated Feetech servos: what they keep, how they move, what they answer. Begin with `servo`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
