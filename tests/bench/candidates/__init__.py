"""What is measured, each a process of its own, without the fakes, whose imports would weigh on it."""
