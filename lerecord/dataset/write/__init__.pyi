from .recovery import Place as Place
from .recovery import Recovered as Recovered
from .recovery import its_own as its_own
from .recovery import recover as recover
from .take_place import TakePlace as TakePlace
from .writer import DatasetWriter as DatasetWriter
from .writer import StagedTake as StagedTake
