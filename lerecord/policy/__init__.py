"""Policies that drive the arm: what asks them, what plans on their answers, and what serves them.

A policy answers when it can; the arm moves at every tick. `link` is what the loop asks of a policy
wherever it runs, `chunk_queue` what stands between the two, and `source` the source of actions that
they make together. `client` is a link to a policy in a process of its own, `server` serves one, and
`wire` is what the two say; `lerobot` is the way to LeRobot's server. `policy` is what a policy is,
`nearest` one that needs no network, and `checkpoint` one of LeRobot's. Begin with `chunk_queue`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
