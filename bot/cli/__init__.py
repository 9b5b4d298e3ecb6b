"""The command line: `check`, `account`, and what both print."""
