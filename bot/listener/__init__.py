"""The web server for monitors and callbacks. Nothing of it is imported without LISTEN."""
