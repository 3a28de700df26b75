"""Servo buses: registers by name over a serial wire."""
