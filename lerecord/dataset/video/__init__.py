"""Images to video and back.

`encoder` writes fragmented mp4 that survives a kill. `opening` opens every mp4, `plain` writes
every plain one; `cut`, `extract` and `concatenation` say which packets it copies. `packet_index`
and `random_access` find and decode single images.
Begin with `encoder`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
