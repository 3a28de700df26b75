"""The command line: one file a command, each a typed function without logic of its own.

`app` puts the commands together and turns what goes wrong into one sentence; `group` decides what
a command line means; `options` and `episodes` are what several commands share; `output` takes
results, `progress` shows how far long work is. A command imports
what it needs when it runs, so that `lerecord --help` stays light.
"""

from lerecord.cli.app import app, main

__all__ = ["app", "main"]
