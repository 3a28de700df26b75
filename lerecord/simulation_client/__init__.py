"""Starting the simulator and reaching it: for a session, and alone for any program.

The simulator itself is `simulator`. Begin with `simulated`.
"""
