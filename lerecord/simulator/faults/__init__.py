"""Faults by rule: what fails on the wire, in servos, ports and cameras. Begin with `rules`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
