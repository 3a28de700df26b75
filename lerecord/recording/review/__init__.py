"""The quality gate: what a take that was just recorded is worth, and why.

`summary` is what is known of a take, `limits` what it must not fall short of; `loop`, `motion`,
`cameras` and `length` are pure functions over both, and `reviewer` asks all of them in the process
that writes, before a take is committed. Begin with `reviewer`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
