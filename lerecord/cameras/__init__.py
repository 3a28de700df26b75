"""Camera drivers, each one file: `opencv`, `file`.

`protocols` is what a camera process asks of a driver. Choosing and encoding images happens in
`recording.recorder`. Begin with `protocols`.
"""
