"""The command line: one file a command, each a typed function without logic of its own.

`table` lists the commands; `app` runs the one that is meant and turns what goes wrong into one
sentence; `group` decides what a command line means; `options` and `episodes` are what several
commands share; `output` takes results, and `progress` shows how far long work is. A command is
imported when it is asked for, and imports what it needs when it runs, so that `lerecord --help`
stays light.
"""

from lerecord.cli.app import app, main

__all__ = ["app", "main"]
