from .gaps import MOST_FRAMES as MOST_FRAMES
from .gaps import bridged as bridged
from .kept_images import kept_folder as kept_folder
from .neighbours import HORIZON as HORIZON
from .neighbours import NearestPolicy as NearestPolicy
from .phases import phases_of as phases_of
from .weights import Mix as Mix
from .weights import locally_linear as locally_linear
