from . import calibration as calibration
from .calibration import Calibration as Calibration
from .protocols import ArmDriver as ArmDriver
from .protocols import ArmSettings as ArmSettings
from .protocols import Ceiling as Ceiling
from .protocols import Follower as Follower
from .protocols import Leader as Leader
