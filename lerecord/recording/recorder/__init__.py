"""The processes that keep takes: one a camera, and one that writes.

`recorder` is the control process's end of all of them; `camera_process` and `writer_process` are
theirs. When a take begins and ends is decided in `recording.session`. Begin with `recorder`.
"""
