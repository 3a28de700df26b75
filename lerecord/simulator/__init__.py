"""A rig without hardware: servos on the wire, a small world, cameras over HTTP.

Started as a process of its own by `simulation_client`, which knows it by `messages` alone. Begin
with `server.stage`.
"""
