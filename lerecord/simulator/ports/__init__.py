"""Serial ports that the simulator answers on: pseudo-terminals, or lock-step in memory."""
