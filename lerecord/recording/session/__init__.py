"""The session: one loop, and a table of what each command does in each phase.

`session` is the loop, `phases` the table, `plan` what is to be recorded, `agenda` which take of it
comes next, with `task_queue` where there are several tasks. Listeners are
told by `fan_out`. Begin with `session`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
