"""Arms that a plug-in of LeRobot drives: any Robot as a follower, any Teleoperator as a leader.

lerecord never imports LeRobot. `peer` is a script for LeRobot's own interpreter, `process` starts
it and speaks to it, and `arm` is the driver. Begin with `arm`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
