from .protocols import Camera as Camera
from .protocols import CameraSettings as CameraSettings
