from .compatibility import Comparison as Comparison
from .compatibility import compared as compared
from .merging import Merging as Merging
from .merging import merge as merge
from .multi import MultiDataset as MultiDataset
