"""The page that a session is begun from: a form, and what came of the last session.

`choices` has the rigs and datasets that there are, `form` what a person chose, and `app` the
addresses. What a form means as a command line, and who runs it, is the caller's. Begin with `form`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
