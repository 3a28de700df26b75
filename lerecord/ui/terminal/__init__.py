"""Keys and screen of a terminal.

`keys` turns keystrokes into commands, `listeners` the session into snapshots and lines, `screen`
draws them in a process of its own. Begin with `listeners`.
"""
