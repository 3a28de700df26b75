from .running import Simulator as Simulator
from .running import simulator as simulator
from .simulated import Script as Script
from .simulated import SimulatedRig as SimulatedRig
from .standalone import fill_in_places as fill_in_places
from .standalone import run_simulator as run_simulator
