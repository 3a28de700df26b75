"""The client of a policy: a process that asks it, seen from the loop as a link that never waits.

`remote_policy` is the loop's end, `process` the other one, and `messages` what they say. The
process takes images from the cameras' mailboxes (`sight`) and speaks to the policy through a
backend, one for each kind of address (`backends`). Begin with `remote_policy`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
