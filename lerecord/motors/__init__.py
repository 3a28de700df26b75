"""Servo buses: registers by name, errors with their reasons, retries.

`bus` is the protocol that every bus has, `errors` and `retry` what all of them share, `dynamixel/`
one family of servos. Calibration and units are in `arms`. Begin with `bus`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
