"""Record robot demonstrations as LeRobot datasets."""

__version__ = "0.1.0"
