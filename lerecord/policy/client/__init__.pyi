from .backends import Backend as Backend
from .messages import Ask as Ask
from .messages import Block as Block
from .messages import PolicyCamera as PolicyCamera
from .remote_policy import RemotePolicy as RemotePolicy
from .websocket import ServerLostError as ServerLostError
from .websocket import WebsocketBackend as WebsocketBackend
