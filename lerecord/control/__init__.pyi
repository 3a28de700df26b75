from .handover import Handover as Handover
from .leader import Leader as Leader
from .rig import Rig as Rig
from .setup import Setup as Setup
from .setup import dataset_spec as dataset_spec
from .source import Goal as Goal
from .source import Observation as Observation
