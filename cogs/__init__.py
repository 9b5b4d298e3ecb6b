"""The slash commands: thin cogs that acknowledge, ask a service, render and reply."""
