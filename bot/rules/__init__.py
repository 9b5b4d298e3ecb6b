"""What becomes true and who is told of it: pure decisions, without a clock, a database or Discord.

`looks` (with `episodes` for one account) turns what was seen into incidents and alerts, `clock` does so for
the time that passes, `acts` for what owners do. `telling` turns alerts into messages, and `sending` says what
a message takes along and leaves behind on its way. Everything goes in by arguments and comes out as values.
"""
