from .dataset import check as check
from .sound import require_sound as require_sound
