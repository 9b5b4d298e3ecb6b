"""The tests of the simulated useapi.net, which say what the real one documents."""
