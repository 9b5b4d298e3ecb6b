"""What Discord sends when a person acts, and who may act."""
