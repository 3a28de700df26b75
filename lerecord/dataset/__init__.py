"""The LeRobot dataset on disk, in rooms that stand on each other.

`format` knows what files contain, `storage` how they change safely, `video` what images become;
`staging` keeps takes, `edit`, `verify` and `read` work on what is committed; `write` commits and
recovers, `join` and `v30` make datasets of datasets. `overview` sums one up. Begin with
`format.layout`.
"""
