"""Asking the API what is true, and keeping what it said."""
