"""The crash proof: the bot as a real process, killed and disturbed, and what its owners saw in the end."""
