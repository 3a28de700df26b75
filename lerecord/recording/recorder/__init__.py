"""The processes that keep takes: one a camera, and one that writes.

`recorder` is the control process's end of all of them; `camera_process` and `writer_process` are
theirs. When a take begins and ends is decided in `recording.session`. Begin with `recorder`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
