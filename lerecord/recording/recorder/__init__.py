"""The processes that keep takes: one a camera, and one that writes.

`recorder` is the control process's end of all of them; `writer_process` and `camera_process` are
theirs, the latter with `capture`, `choosing` and `encoding`. When a take begins and ends is
decided in `recording.session`. Begin with `recorder`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
