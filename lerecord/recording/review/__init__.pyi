from .limits import Limits as Limits
from .reviewer import Reviewer as Reviewer
from .reviewer import reviewed as reviewed
from .summary import CameraSummary as CameraSummary
from .summary import TakeSummary as TakeSummary
