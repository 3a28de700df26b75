"""The LeRobot v2.1 dataset on disk: written, committed, verified."""
