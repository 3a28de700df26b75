from .dataset import TOLERANCE_S as TOLERANCE_S
from .dataset import Dataset as Dataset
from .policy_presets import delta_timestamps_for as delta_timestamps_for
from .samples import Batch as Batch
from .samples import ImageForm as ImageForm
from .samples import Samples as Samples
from .windows import DeltaTimestamps as DeltaTimestamps
