"""The page of a session: what the screen shows, what the cameras see, and every key as a button.

A process of its own serves it, so that whatever a browser does, the loop never notices. `listener`
is the control process's end of it and `operator` the commands that come from there; `process` is
the other end, with the `board` that everybody looks at, the `lease` of who may press buttons, and
`app`, the addresses. What is said between the two is in `messages`. Begin with `messages`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
