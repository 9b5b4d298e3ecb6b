"""The watch in any order of events: real rules, ledger, database and outbox, judged by a model of its own."""
