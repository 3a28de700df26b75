"""The operating modes of a servo, as Operating_Mode has them."""

CURRENT, VELOCITY, POSITION, EXTENDED_POSITION, CURRENT_POSITION, PWM = 0, 1, 3, 4, 5, 16
