"""Faults by rule: what fails on the wire, in servos, ports and cameras. Begin with `rules`."""
