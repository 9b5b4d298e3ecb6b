"""Polling the account list, the known accounts in memory, the heartbeat."""
