from .dataset import Checkup as Checkup
from .dataset import check as check
from .episode import Episode as Episode
from .findings import Finding as Finding
from .findings import Report as Report
from .sound import obstacles as obstacles
from .sound import require_sound as require_sound
