"""LeRobot's v3.0 format: export to it, import from it.

`files` is its layout. Begin with `exporter`: `file_plan` says which episodes share a file,
`file_writing` writes one at a time, `episode_statistics` finds those of some episodes, and
`metadata_writing` writes the rest.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
