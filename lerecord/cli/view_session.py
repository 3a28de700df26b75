"""What `lerecord view` does."""

import sys
import threading
from pathlib import Path

from lerecord.cli.web_extra import require_web
from lerecord.errors import ConfigError
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
    from lerecord.ui.episodes import Shelf
    from lerecord.ui.view import view_app
    from lerecord.ui.web import WebServer

    shelf = Shelf(root)
    with WebServer(lambda _: view_app(shelf), port) as server:
        print_line(f"{root} is shown at {server.address}; Ctrl-C ends it.")
        sys.stdout.flush()
        if browser:
            open_page(server.address)
        server.run()


def export_episode(root: Path, file: Path | None, episode: int | None) -> None:
    """Write one episode as one HTML file.

    Args:
        root: the dataset's folder.
        file: that does not exist yet.
        episode: its number.

    Raises:
        LerecordError: one of them is not given, there is no such episode, the file exists, or the
            extra is not installed.
    """
    if file is None or episode is None:
        raise ConfigError("--export-html FILE and --episode K belong together; give both.")
    require_web()
    from lerecord.ui.episodes import Shelf
    from lerecord.ui.view import episode_page

    page = episode_page(Shelf(root).now(), episode).encode()
    try:
        with file.open("xb") as written:
            written.write(page)
    except FileExistsError as error:
        raise ConfigError(f"{file} exists already; name another file.") from error
    print_line(f"Episode {episode} is in {file} ({len(page) / 1e6:.1f} MB).")


def open_page(address: str) -> None:
    """Show a page in the browser of this desktop, where there is one; nobody waits for it."""
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
