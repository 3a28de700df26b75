"""The simulator's process: its clock, its messages, what runs in it. Begin with `stage`."""
