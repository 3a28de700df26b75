"""Simulated Dynamixel servos: control table, motion, packets. Begin with `servo`."""
