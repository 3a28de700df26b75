"""What every page of lerecord is served by: one guarded door, fixed files, and a server.

`gate` refuses what is not this page in this browser, `files` has the scripts and styles that a
page consists of, `replies` the answers, and `server` the port. The pages are in `view`. Begin
with `gate`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
