"""What a verdict on a take may do."""

from enum import StrEnum


class Gate(StrEnum):
    """What a verdict may do."""

    ASK = "ask"  # a take that is beyond repair keeps the next one from starting by itself
    AUTO = "auto"  # it is done again
    OFF = "off"  # nobody looks
