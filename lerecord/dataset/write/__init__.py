"""Committing takes as episodes, in their order, and recovering takes that were left.

`writer` owns an open dataset, `append` is the change that a commit is. Replacing an episode goes
through `edit.rebuild`. Begin with `writer`.
"""
