from .recovery import recover as recover
from .writer import DatasetWriter as DatasetWriter
from .writer import StagedTake as StagedTake
