"""The page that shows a dataset: its episodes, and each of them frame by frame.

What it shows is found in `ui.episodes`; `page_data` adds what only a page needs. `marks` is what a
person wants of episodes, and `editing` does it. `app` has the addresses, and what a browser runs is
in `assets`; `single` has one episode in one file. Begin with `app`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
