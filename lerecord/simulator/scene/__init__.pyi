from .demonstrator import Motion as Motion
from .demonstrator import correction as correction
from .demonstrator import demonstration as demonstration
from .demonstrator import return_home as return_home
from .render import CAMERAS as CAMERAS
from .render import Renderer as Renderer
from .solids import Scene as Scene
from .world import World as World
