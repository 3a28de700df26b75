"""What moves the followers: the rig's devices, the sources of actions, and the hand-over between.

`rig` observes and commands devices and knows nothing of who drives; a source (`leader`, `replay`)
says where the followers are to go; `handover` is the one rule by which a source begins to drive,
slowly, and the bound of every step. `teaching` lets a hand teach a path with the limp follower,
`parking` lets the arms go at the end. Begin with `source`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
