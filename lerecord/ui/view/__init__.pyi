from .app import view_app as view_app
from .single import episode_page as episode_page
