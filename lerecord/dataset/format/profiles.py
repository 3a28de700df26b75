"""Video settings by a name that says what they are for."""
