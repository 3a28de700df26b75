from .bus import Bus as Bus
from .servo import Servo as Servo
