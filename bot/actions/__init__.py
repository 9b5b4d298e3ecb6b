"""What a person may do: reset, ask for account information, add and remove accounts."""
