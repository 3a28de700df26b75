"""Changing committed episodes: delete, trim, relabel, transcode, undo.

A dataset is a function of its list of episodes (`episode_list`); an edit makes a new list, and
`rebuild` makes the files follow in one transaction. `operations` are the edits themselves.
Committing takes is in `write`. Begin with `operations`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
