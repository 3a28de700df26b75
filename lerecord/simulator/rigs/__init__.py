"""The arms that are simulated: geometry, calibration, kinematics. Begin with `koch`."""
