"""Child processes: started alike, spoken to without ever waiting.

`starting` is how a child is started, `child` the parent's end of the pipe and `parent` the child's,
with what every child does; `vocabulary` turns dataclasses that both ends know into JSON, and
`errand` has those of a child that does one thing whenever it is asked. What each child is for is in
the package that it belongs to, and `lerecord.__main__` has the table. Begin with `child`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
