"""Servo buses: registers by name, errors with their reasons, retries.

`bus` is the protocol that every bus has, `errors` and `retry` what all of them share, `dynamixel/`
one family of servos. Calibration and units are in `arms`. Begin with `bus`.
"""
