"""A recording session: `session` decides, `recorder` keeps takes, `review` tells their worth.

Drawing the session for people is in `ui`. Begin with `session.session`.
"""
