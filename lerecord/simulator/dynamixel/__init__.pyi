from .bus import Bus as Bus
from .instructions import PING as PING
from .instructions import READ as READ
from .instructions import SYNC_READ as SYNC_READ
from .instructions import SYNC_WRITE as SYNC_WRITE
from .instructions import WRITE as WRITE
from .protection import HardwareError as HardwareError
from .servo import Servo as Servo
