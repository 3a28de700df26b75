"""From a box of parts to a rig: finding, setting up, calibrating and examining what is plugged in.

Nothing here moves an arm: torque is off, or goes off. `makes` tells the servos of one maker from
another's, `scan` what answers on a port, `calibrating` how far joints go. What people see and press
is `cli`'s. Begin with `places`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
