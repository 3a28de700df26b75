"""Dynamixel Protocol 2.0 over the maker's SDK.

`bus` is the `MotorBus`, `wire` its packets, `sdk_port` the serial port. Control tables are in
`motors.tables`. Begin with `bus`.
"""
