from .sight import TAKE as TAKE
from .sight import Sight as Sight
