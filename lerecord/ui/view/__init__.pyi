from .app import view_app as view_app
from .motion import outline as outline
from .shelf import Shelf as Shelf
from .single import episode_page as episode_page
