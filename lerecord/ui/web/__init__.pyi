from .files import Files as Files
from .gate import Gate as Gate
from .gate import Pass as Pass
from .login import login_routes as login_routes
from .replies import answering as answering
from .replies import json_reply as json_reply
from .replies import posted as posted
from .server import WebServer as WebServer
