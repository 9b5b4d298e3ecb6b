"""What becomes true and who is told of it: pure decisions, without a clock, a database or Discord.

`decisions.decide` turns an event into incidents and alerts, and `owner_actions` does so for what owners do.
`notifications` turns alerts into messages, and `message_lifecycle` follows a message on its way.
"""
