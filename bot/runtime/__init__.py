"""What any long-running program needs: tasks, the event loop, the log, settings from a file."""
