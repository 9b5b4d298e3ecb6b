"""The tests, and the simulated Discord and useapi.net that they and the demo run against."""
