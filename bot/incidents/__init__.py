"""The state of the watch in memory, and its transactions."""
