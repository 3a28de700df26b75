"""Servo buses: registers by name, errors with their reasons, retries.

`bus` is the protocol that every bus has; `register_bus`, `wire`, `serial_port`, `errors` and
`retry` are what all of them share; `dynamixel` and `feetech` are families of servos. Calibration
and units are in `arms`. Begin with `bus`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
