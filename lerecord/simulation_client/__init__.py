"""Starting the simulator and reaching it: for a session, and alone for any program.

The simulator itself is `simulator`. Begin with `simulated`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
