"""Dynamixel servos of the X series over the maker's SDK.

`bus` is the `MotorBus`, `packets` what goes over the wire, `tables` the registers. Begin with
`bus`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
