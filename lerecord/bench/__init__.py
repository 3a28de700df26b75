"""What recording costs on this machine: `lerecord bench` runs the real recorder on a simulated rig.

`load` is what it records, `clip` draws the images, `meter` looks at processes, and `figures` says
what it cost. Comparisons with other recorders are in `tests/bench`. Begin with `run`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
