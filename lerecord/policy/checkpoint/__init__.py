"""A checkpoint of LeRobot as a policy: `lerobot:PATH`, run by LeRobot's own Python.

lerecord never imports torch or LeRobot. `peer` is a script for the other interpreter, and says
chunks on its stdout; `policy` starts it and asks it. Begin with `policy`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
