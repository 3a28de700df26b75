"""A rig with no hardware: servos on the wire, a small world, cameras over HTTP."""
