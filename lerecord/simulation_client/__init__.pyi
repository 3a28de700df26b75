from .simulated import SimulatedRig as SimulatedRig
from .standalone import reaching as reaching
from .standalone import run_simulator as run_simulator
from .standalone import simulator as simulator
