"""What the files of a dataset contain, read into types and written from them.

LeRobot's: `info`, `metadata` (the jsonl files), `stats`, `episode_table` (parquet). Our own:
`sidecar` and `health` (what truly happened), `hardware` (the rig), `frame_columns` (the one table
of what is kept of a frame). No file is replaced or locked here: that is `storage`. Begin with
`layout`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
