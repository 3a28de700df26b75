from .policy import CheckpointPolicy as CheckpointPolicy
