"""Several datasets as one: compared, merged, or read side by side.

`compatibility` says whether they fit, `merging` writes one new dataset, `multi` reads them
together. Begin with `compatibility`.
"""
