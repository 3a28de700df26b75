"""LeRobot's PolicyServer as a policy: its gRPC calls without protobuf, its pickles without pickle.

The server answers with a pickle that, loaded as such, may run anything. Here it is read as data:
`pickled` knows the few opcodes that build plain values and calls nothing, `chunks` takes a chunk
of actions out of the result and refuses everything else. `requests` writes what is sent. Begin with
`backend`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
