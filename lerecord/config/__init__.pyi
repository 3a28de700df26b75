from . import schema as schema
from .schema import SIMULATED_PLACE as SIMULATED_PLACE
from .schema import ArmConfig as ArmConfig
from .schema import CameraConfig as CameraConfig
from .schema import HardwareConfig as HardwareConfig
from .schema import SafetyConfig as SafetyConfig
from .schema import SimulatorConfig as SimulatorConfig
from .schema import Table as Table
