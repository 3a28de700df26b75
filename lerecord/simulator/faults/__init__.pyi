from .injection import Faults as Faults
from .line import Line as Line
from .rules import CameraFault as CameraFault
from .rules import Rules as Rules
from .rules import load as load
from .rules import parse as parse
