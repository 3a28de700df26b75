"""Dynamixel Protocol 2.0 over the maker's SDK.

`bus` is the `MotorBus`, `wire` its packets, `sdk_port` the serial port. Control tables are in
`motors.tables`. Begin with `bus`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
