"""What people see and press: `terminal`, and pages in a browser (`web`, `station`, `view`).

`snapshot` is the moment of a session that any screen shows, `episodes` what was recorded.
"""
