"""The rules, tried on a small world of their own."""
