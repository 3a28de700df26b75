"""A recording session: the loop, its processes, its operator and its screen."""
