"""Many datasets at once: what there is, whether it is right, and one training set of it.

`sources` finds datasets, `status` looks at them, `checking` verifies them in parallel, and
`engine` runs the work on this machine, on Slurm or on Ray. What was found is kept by `state`, so
that the next look only reads what has changed. Only `engine_process` imports an engine. Begin with
`status`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
