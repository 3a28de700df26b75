from . import pickled as pickled
from . import requests as requests
from .backend import LerobotBackend as LerobotBackend
from .backend import ServedPolicy as ServedPolicy
from .chunks import PickledChunk as PickledChunk
from .chunks import chunk_of as chunk_of
