"""LeRobot's v3.0 format: export to it, import from it.

`files` is its layout, `source` reads it. Begin with `exporter`.
"""
