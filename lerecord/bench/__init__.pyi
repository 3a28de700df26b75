from .run import Load as Load
from .run import bench as bench
from .run import size_of as size_of
