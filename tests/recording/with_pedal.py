"""`python -m tests.recording.with_pedal`: lerecord with a pipe for a pedal, which none can grab."""

from types import SimpleNamespace
from unittest import mock

from lerecord.cli import main

if __name__ == "__main__":
    with mock.patch("lerecord.ui.terminal.pedal.fcntl", SimpleNamespace(ioctl=lambda *_: 0)):
        main()
