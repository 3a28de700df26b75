"""Keys and screen of a terminal.

`keys` turns keystrokes into commands, and `pedal` those of a device of its own; `listeners` turns
the session into snapshots and lines, `screen` draws them in a process of its own. Begin with
`listeners`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
