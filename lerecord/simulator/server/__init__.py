"""The simulator's process: its clock, its messages, what runs in it. Begin with `stage`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
