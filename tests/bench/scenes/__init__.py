"""What is played for each group of figures: one round of every candidate, one after the other."""
