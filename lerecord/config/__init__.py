"""The hardware config: one validated model of a rig's TOML.

`schema` has the model and reads it. What a dataset keeps of it is `dataset.format.hardware`.
"""
