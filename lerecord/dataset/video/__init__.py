"""Images to video and back.

`encoder` writes fragmented mp4 that survives a kill, `mp4` plain mp4; `cut`, `extract` and
`concatenation` copy packets; `packet_index` and `random_access` find and decode single images.
Begin with `encoder`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
