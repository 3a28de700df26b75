"""A recording session: `session` decides, `recorder` keeps takes in its processes.

Drawing the session for people is in `ui`. Begin with `session.session`.
"""
