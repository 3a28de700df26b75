"""Leader and follower arms: protocol, calibration, units, one module a driver."""
