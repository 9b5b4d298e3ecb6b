"""The crash proof: the bot as a real process, killed and troubled, and what its owners saw of it in the end."""
