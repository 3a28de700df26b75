"""A dataset's episodes as people look at them, on a page or in a terminal.

`shelf` is the dataset as it is now, `facts` all that is known of one episode, `document` the same
as JSON, and `motion` its outline in a table; `coverage` is where episodes start, and `sheet` a
picture of what the cameras of one saw. Begin with `shelf`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
