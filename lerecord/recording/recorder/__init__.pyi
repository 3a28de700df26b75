from .free_space import free_bytes as free_bytes
from .free_space import low_disk as low_disk
from .recorder import Asked as Asked
from .recorder import Recorder as Recorder
from .remote_camera import CameraView as CameraView
from .remote_writer import Saved as Saved
