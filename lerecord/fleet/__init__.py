"""Many datasets at once: what there is, whether it is right, what is in it, and one training set.

`sources` finds datasets, `mirror` fetches those elsewhere, `status` looks at them, `checking`
verifies them and `merging` makes one of them: `plan` says what becomes what, `sides` divides it,
`writing` is done by workers and `publisher` by one process, in as many `rounds` as it takes. For
v3.0, `exporting` is done by workers, too. `engine` runs the work here, on Slurm or on Ray; only
`engine_process` imports an engine. `measuring` and `transcoding` do something for each dataset, by
`chores`; `pushing` needs no engine. What was found is kept by `state`. Begin with `status`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
