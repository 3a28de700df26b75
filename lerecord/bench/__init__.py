"""What recording costs on this machine: `lerecord bench` runs the real recorder on a simulated rig.

Comparisons with other recorders are in `tests/bench`. Begin with `run`.
"""
