"""Facts: accounts, incidents, messages, errors. Only the standard library."""
