"""Which incidents open, change and end, and what owners are sent. Pure: no clock, no database, no Discord.

`decisions.decide` turns an event into incidents and alerts, and `owner_actions` applies what owners do.
`notifications` turns alerts into messages, and `message_lifecycle` follows a message on its way.
"""
