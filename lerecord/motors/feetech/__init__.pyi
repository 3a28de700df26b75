from .bus import FeetechBus as FeetechBus
from .tables import BAUD_RATES as BAUD_RATES
from .tables import COUNTS_PER_TURN as COUNTS_PER_TURN
from .tables import MODELS as MODELS
from .tables import RETURN_DELAY_UNIT_S as RETURN_DELAY_UNIT_S
from .tables import STS3215 as STS3215
from .tables import StatusBit as StatusBit
