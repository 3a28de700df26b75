"""The session: one loop, and a table of what each command does in each phase.

`session` is the loop, `phases` the table, `plan` what is to be recorded. Listeners are told by
`fan_out`. Begin with `session`.
"""
