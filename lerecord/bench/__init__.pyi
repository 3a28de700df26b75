from .figures import Result as Result
from .load import Load as Load
from .load import size_of as size_of
from .run import bench as bench
