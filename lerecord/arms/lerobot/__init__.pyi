from .arm import Follower as Follower
from .arm import Leader as Leader
