from .page import status_page as status_page
from .sources import Trouble as Trouble
from .state import State as State
from .status import DatasetStatus as DatasetStatus
from .status import FleetStatus as FleetStatus
from .status import look as look
