"""The benchmark: Midwatch beside what a user would otherwise run, timed from outside by the fakes' clock."""
