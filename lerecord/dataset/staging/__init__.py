"""A take while it is recorded, in forms that survive a kill, and what can be saved of it.

`take` decides what a missed slot becomes; `frame_journal`, `capture_journal` and `track_writer`
keep frames and images; `salvage` reads what a kill left. Committing is in `write`. Begin with
`take`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
