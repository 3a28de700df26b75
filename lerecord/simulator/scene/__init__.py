"""The small world: table, box, demonstrator, and how it looks. Begin with `world`."""
