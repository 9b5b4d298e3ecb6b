"""The useapi.net API. JSON does not leave this package."""
