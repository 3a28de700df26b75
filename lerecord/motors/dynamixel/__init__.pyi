from .bus import DynamixelBus as DynamixelBus
from .sdk_port import WaitingPort as WaitingPort
