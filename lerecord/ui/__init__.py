"""What people see and press: `terminal`, and `snapshot`, the moment that any screen shows."""
