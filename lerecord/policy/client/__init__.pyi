from .backends import Backend as Backend
from .messages import PolicyCamera as PolicyCamera
from .remote_policy import RemotePolicy as RemotePolicy
