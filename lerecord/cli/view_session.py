"""What `lerecord view` does."""

import sys
import threading
from pathlib import Path

from lerecord.cli.web_extra import require_web
from lerecord.printable import print_line


def view(root: Path, port: int, browser: bool) -> None:
    """Serve the page of a dataset until Ctrl-C.

    Args:
        root: the dataset's folder.
        port: of the page; 0 takes any free one.
        browser: open the page.

    Raises:
        LerecordError: there is no dataset, the port is taken, or the extra is not installed.
    """
    require_web()
    from lerecord.ui.view import Shelf, view_app
    from lerecord.ui.web import WebServer

    shelf = Shelf(root)
    with WebServer(lambda _: view_app(shelf), port) as server:
        print_line(f"{root} is shown at {server.address}; Ctrl-C ends it.")
        sys.stdout.flush()
        if browser:
            open_page(server.address)
        server.run()


def open_page(address: str) -> None:
    """Show a page in the browser of this desktop, where there is one; nobody waits for it."""
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
