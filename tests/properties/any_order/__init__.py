"""The watch in any order of events: real rules, state, database and outbox, judged by a model of its own."""
